import type { Rule, ShapeRule } from '../rule.ts';
import { alternativeNameKinds } from './alternative-name-kinds.ts';
import { alternativeNamesPresent } from './alternative-names-present.ts';
import { authorityKeyIdentifier } from './authority-key-identifier.ts';
import { basicConstraints } from './basic-constraints.ts';
import { constrainedNames } from './constrained-names.ts';
import { distributionPoints } from './distribution-points.ts';
import { dnsNames } from './dns-names.ts';
import { emailNames } from './email-names.ts';
import { extendedKeyUsage } from './extended-key-usage.ts';
import { ipNames } from './ip-names.ts';
import { issuerName } from './issuer-name.ts';
import { keyType } from './key-type.ts';
import { keyUsage } from './key-usage.ts';
import { knownExtensions } from './known-extensions.ts';
import { nameConstraints } from './name-constraints.ts';
import { noRevocationAvailable } from './no-revocation-available.ts';
import { ocspNoCheck } from './ocsp-no-check.ts';
import { rsaFactors } from './rsa-factors.ts';
import { rsaRoca } from './rsa-roca.ts';
import { serialNumber } from './serial-number.ts';
import { signatureAlgorithm } from './signature-algorithm.ts';
import { subjectAttributes } from './subject-attributes.ts';
import { subjectKeyIdentifier } from './subject-key-identifier.ts';
import { subjectPresent } from './subject-present.ts';
import { subjectText } from './subject-text.ts';
import { uniqueNames } from './unique-names.ts';
import { validityLength } from './validity-length.ts';
import { validityOrder } from './validity-order.ts';
import { validityWithinIssuer } from './validity-within-issuer.ts';
import { versionThree } from './version-three.ts';

/** The rules about what certificates of one profile and issuer share, in the order in which their findings are told. */
export const shapeRules: readonly ShapeRule[] = [
  versionThree,
  signatureAlgorithm,
  issuerName,
  keyType,
  basicConstraints,
  constrainedNames,
  keyUsage,
  extendedKeyUsage,
  authorityKeyIdentifier,
  distributionPoints,
  knownExtensions,
  ocspNoCheck,
];

/** The rules about what each certificate has of its own, told after those. */
export const ownRules: readonly Rule[] = [
  serialNumber,
  validityOrder,
  validityLength,
  validityWithinIssuer,
  subjectPresent,
  subjectText,
  subjectAttributes,
  rsaFactors,
  rsaRoca,
  subjectKeyIdentifier,
  alternativeNamesPresent,
  alternativeNameKinds,
  dnsNames,
  emailNames,
  ipNames,
  uniqueNames,
  nameConstraints,
  noRevocationAvailable,
];

export type { ApplicationVerdict } from './authority/apply.ts';
export type { Audit, Authority, AuthorityOptions, IssueRequest } from './authority/authority.ts';
export { openAuthority } from './authority/authority.ts';
export type { EnrolRequest, RenewRequest } from './authority/enrol.ts';
export type { ExpectedDevice, Manufacturer } from './authority/manufactured.ts';
export type { Fleet, Terms } from './authority/terms.ts';
export type { IssuedToken, TokenRequest } from './authority/token.ts';
export type { ClientVerdict } from './authority/verify-client.ts';
export { importCeremony } from './ceremony/import.ts';
export {
  type Ceremony,
  createOfflineRoot,
  type IssuingRole,
  requestForRoot,
  requestsForIssuing,
  signIssuing,
  signRootCrl,
} from './ceremony/offline.ts';
export { createCrlHandler } from './crl/handler.ts';
export { PkiError, type PkiErrorCode } from './error.ts';
export {
  createEstHandler,
  type EstHandler,
  type EstLimits,
  type EstOptions,
  type Peer,
} from './est/handler.ts';
export { tryMlDsa } from './experiment/ml-dsa.ts';
export { type CloneSuspicion, type CloneWatch, createCloneWatch } from './fleet/clone-watch.ts';
export { forecastRenewals } from './fleet/forecast.ts';
export { type RenewalWindow, renewalWindow } from './fleet/renewal.ts';
export { createRenewalHandler } from './fleet/renewal-handler.ts';
export { type KeyStore, openKeyStore } from './keys/key-store.ts';
export { openTokenKeys } from './keys/token/token-keys.ts';
export { ocspRequestFor } from './ocsp/ask.ts';
export { createOcspHandler } from './ocsp/handler.ts';
export { findPath, type PathVerdict } from './path/build.ts';
export { ocspFault } from './path/ocsp.ts';
export { type RevocationSources, revocationBy } from './path/revocation.ts';
export { type StatusPlaces, statusPlaces } from './path/status-places.ts';
export { type PathOptions, pathFault } from './path/validate.ts';
export { makeKeyAndRequest } from './pkcs12/key-and-request.ts';
export { writePkcs12 } from './pkcs12/write.ts';
export { type Application, applications } from './register/application.ts';
export {
  authorities,
  certificates,
  credentials,
  devices,
  EnrolmentToken,
  enrolmentTokens,
  pkiRecordKinds,
  publishedCrls,
} from './register/kinds.ts';
export {
  createDeviceRegister,
  type DeviceChange,
  type DeviceRegister,
  type NewDevice,
} from './register/register.ts';
export { type ParsedCertificate, readCertificate } from './x509/certificate.ts';
export { readCertsOnly } from './x509/cms.ts';
export { type ParsedCrl, readCrl } from './x509/crl.ts';
export { readOcspResponse } from './x509/ocsp-response.ts';

import type { Signer } from '../keys/signer.ts';
import { LintProof } from '../lint/proof.ts';
import { encodeSigned } from '../x509/certificate.ts';
import { type CrlFields, encodeTbsCrl } from '../x509/crl.ts';
import { encodeOcspResponse, encodeResponseData, type ResponseFields } from '../x509/ocsp-response.ts';

/** Signs what the lint proved; DER of the certificate. `proof-spent` for a proof that was used before. */
export async function signCertificate(proof: LintProof, signer: Signer): Promise<Uint8Array> {
  const tbs = LintProof.spend(proof);
  return encodeSigned(tbs, signer.algorithm, await signer.sign(tbs));
}

/** DER of a signed CRL. */
export async function signCrl(fields: Omit<CrlFields, 'signature'>, signer: Signer): Promise<Uint8Array> {
  const tbs = encodeTbsCrl({ ...fields, signature: signer.algorithm });
  return encodeSigned(tbs, signer.algorithm, await signer.sign(tbs));
}

/** DER of a signed OCSP response that carries the responder's certificate. */
export async function signOcspResponse(
  fields: ResponseFields,
  signer: Signer,
  responder: Uint8Array,
): Promise<Uint8Array> {
  const data = encodeResponseData(fields);
  return encodeOcspResponse(data, signer.algorithm, await signer.sign(data), [responder]);
}

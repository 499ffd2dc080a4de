import { generateKeyPairSync, sign } from "node:crypto";

type Part = Buffer | string;

/** Object identifiers in DER: ecdsa-with-SHA256 (RFC 5758), commonName and subjectAltName (RFC 5280). */
const [ecdsaWithSha256, commonName, subjectAltName] = ["06082a8648ce3d040302", "0603550403", "0603551d11"];

/**
 * A key and a certificate for 127.0.0.1 (RFC 5280, section 4.1) that is right in all but who signed it. It is made anew, so
 * that no private key lies in a package.
 */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = der(0x30, ecdsaWithSha256);
  const name = der(0x30, der(0x31, der(0x30, commonName, der(0x0c, Buffer.from("127.0.0.1")))));
  const year = new Date().getUTCFullYear();
  const instant = (of: number): Buffer => der(0x18, Buffer.from(`${of}0101000000Z`));
  const alternatives = der(0x30, der(0x87, Buffer.from([127, 0, 0, 1])));
  const toBeSigned = der(
    0x30,
    der(0xa0, der(0x02, "02")), // version 3
    der(0x02, "01"), // serial number
    algorithm,
    name,
    der(0x30, instant(year - 1), instant(year + 2)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(0x30, der(0x30, subjectAltName, der(0x04, alternatives)))),
  );
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = der(0x30, toBeSigned, algorithm, der(0x03, "00", signature));
  const lines = certificate.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n"),
  };
}

/** One value in DER: its tag, its length, and its parts, those that are text in hexadecimal. */
function der(tag: number, ...parts: readonly Part[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "hex") : part)));
  const { length } = content;
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 128 ? [length] : long)]), content]);
}

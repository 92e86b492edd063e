import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A key and a certificate for localhost that signs itself, in PEM; by openssl. */
export async function makeCertificate(
  folder: string,
): Promise<{ readonly key: string; readonly cert: string }> {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const options =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost";
  await run("openssl", [...options.split(" "), "-keyout", key, "-out", cert]);
  return { key, cert };
}

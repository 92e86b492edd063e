import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A company's own certificate authority. */
export type Authority = {
  /** The file of its certificate, in PEM. */
  readonly file: string;
  /** A key and a certificate for these names (`localhost`, `*.example.com`, `IP:127.0.0.1`), in PEM. */
  issue(...names: readonly string[]): Promise<{ readonly key: string; readonly cert: string }>;
};

const newKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes".split(" ");

/** Makes one in a folder, by openssl. */
export async function makeAuthority(folder: string): Promise<Authority> {
  const [caKey, file] = [join(folder, "ca-key.pem"), join(folder, "ca.pem")];
  await openssl(
    "req",
    "-x509",
    ...newKey,
    "-days",
    "2",
    "-subj",
    "/CN=Company CA",
    "-keyout",
    caKey,
    "-out",
    file,
  );
  let issued = 0;
  return {
    file,
    async issue(...names) {
      issued += 1;
      const fileOf = (what: string): string => join(folder, `${issued}-${what}.pem`);
      const [key, request, cert] = [fileOf("key"), fileOf("request"), fileOf("cert")];
      const extensions = join(folder, `${issued}.cnf`);
      const alternatives = names.map((name) => (name.includes(":") ? name : `DNS:${name}`)).join(",");
      await writeFile(extensions, `subjectAltName=${alternatives}\n`);
      await openssl("req", ...newKey, "-subj", "/CN=server", "-keyout", key, "-out", request);
      const signing = ["-req", "-days", "2", "-in", request, "-CA", file, "-CAkey", caKey, "-CAcreateserial"];
      await openssl("x509", ...signing, "-extfile", extensions, "-out", cert);
      return { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
    },
  };
}

function openssl(...args: readonly string[]): Promise<unknown> {
  return run("openssl", args);
}

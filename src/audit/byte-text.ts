/** UTF-8 as a string of one character for each byte: searching and joining these is what JavaScript is fastest at. */
export function bytesOf(text: string): string {
  return isAscii.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** The text whose UTF-8 these are. */
export function textOf(bytes: string): string {
  return isAscii.test(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

// oxlint-disable-next-line eslint/no-control-regex
const isAscii = /^[\x00-\x7F]*$/;

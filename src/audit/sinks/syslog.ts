import { readFile } from "node:fs/promises";
import { connect as connectTcp, type Socket } from "node:net";
import { hostname } from "node:os";
import { connect as connectTls } from "node:tls";
import type { SyslogOptions } from "../../policy/language/sinks.ts";
import { jsonLine, recordTime, type Sink, SinkError, type SinkRecord } from "./sink.ts";
import { messageOf } from "../../error-message.ts";

const connectMs = 5_000;
/** A server that hangs up unread does so within a round trip; what it does after this long is its answer. */
const quietMs = 250;
/** Facility 13, log audit; severity 6, informational, and 4, warning: https://www.rfc-editor.org/rfc/rfc5424#section-6.2.1 */
const informational = 13 * 8 + 6;
const warning = 13 * 8 + 4;

/**
 * Sends RFC 5424 messages over TLS (RFC 5425) or TCP (RFC 6587), each prefixed with its length. Syslog has no acknowledgements, so
 * each batch gets its own connection: it counts once we have ended it and the other side has then closed in order.
 */
export function createSyslogSink({ url, ca }: Pick<SyslogOptions, "url" | "ca">): Sink {
  const { protocol, hostname: name, port } = new URL(url);
  const host = name.replace(/^\[|\]$/gu, "");
  const where = `the syslog server at ${host}:${port}`;

  async function open(): Promise<Socket> {
    const address = { host, port: Number(port) };
    if (protocol === "tcp:") return connectTcp(address);
    const trusted = ca === undefined ? {} : { ca: await readFile(ca) };
    return connectTls({ ...address, servername: host, ...trusted });
  }

  return {
    async deliver(records, signal) {
      const bytes = Buffer.concat(records.map((record) => frame(formatSyslog(record))));
      let socket: Socket;
      try {
        socket = await open();
      } catch (error) {
        throw new SinkError(`the certificates to trust for ${where} can't be read: ${messageOf(error)}`);
      }
      await send(socket, protocol === "tcp:" ? "connect" : "secureConnect", bytes, where, signal);
    },
    close: () => Promise.resolve(),
  };
}

/** Resolves once the other side has closed in answer to our end. */
function send(
  socket: Socket,
  connected: "connect" | "secureConnect",
  bytes: Buffer,
  where: string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isSent = false;
    let hasEnded = false;
    let quiet: NodeJS.Timeout | undefined;
    const fail = (why: string): void => {
      clearTimeout(timer);
      clearTimeout(quiet);
      socket.destroy();
      reject(new SinkError(`${where} ${why}`));
    };
    const timer = setTimeout(() => fail("can't be reached within 5 s"), connectMs);
    const onAbort = (): void => fail("did not take what it was sent in time");
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once(connected, () => {
      clearTimeout(timer);
      socket.write(bytes, (error) => {
        if (error) return;
        quiet = setTimeout(() => {
          isSent = true;
          socket.end();
        }, quietMs);
      });
    });
    // Syslog servers send nothing; reading is needed to see their end.
    socket.resume();
    socket.once("end", () => {
      // An end that came before ours was not an answer to it.
      hasEnded = isSent;
    });
    socket.once("error", (error) => fail(`can't be reached: ${messageOf(error)}`));
    socket.once("close", () => {
      clearTimeout(timer);
      clearTimeout(quiet);
      signal.removeEventListener("abort", onAbort);
      if (isSent && hasEnded) resolve();
      else reject(new SinkError(`${where} hung up before it had everything`));
    });
    if (signal.aborted) onAbort();
  });
}

/** Octet counting: https://www.rfc-editor.org/rfc/rfc6587#section-3.4.1 */
function frame(message: string): Buffer {
  const bytes = Buffer.from(message, "utf8");
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}

const nameOfThisMachine = printable(hostname(), 255);

/** https://www.rfc-editor.org/rfc/rfc5424#section-6; 32473 is the number that RFC 5612 reserves for such names. */
function formatSyslog(record: SinkRecord, host = nameOfThisMachine): string {
  const priority = record.kind === "missing" ? warning : informational;
  const what = record.kind === "event" ? record.type : record.kind;
  const hash = record.hash === null ? "" : ` hash="${parameter(record.hash)}"`;
  const data = `[hallpass@32473 kind="${record.kind}" sequence="${record.sequence}"${hash}]`;
  return `<${priority}>1 ${recordTime(record) ?? "-"} ${host} hallpass - ${printable(what, 32)} ${data} \uFEFF${jsonLine(record)}`;
}

/** Keeps visible ASCII only, as header fields require. */
function printable(text: string, longest: number): string {
  return text.replace(/[^\x21-\x7E]/gu, "?").slice(0, longest) || "-";
}

/** https://www.rfc-editor.org/rfc/rfc5424#section-6.3.3 */
function parameter(text: string): string {
  return text.replace(/["\\\]]/gu, (character) => `\\${character}`);
}

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { FileCard } from "../../protocol.ts";
import { splitCsv } from "../store/csv.ts";
import { Icon } from "./icons.tsx";

/** More rows than this are in the download only. */
const maxRows = 500;

/** A file under a message; opens in a dialog, as text or (CSV) as a table. */
export function FileView({ file }: { readonly file: FileCard }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="file" onClick={() => setOpen(true)}>
        <span class="file-mark">
          <Icon name="file" size={22} />
        </span>
        <span class="file-words">
          <b>{file.title || file.name}</b>
          <span class="quiet">
            {kindOf(file)} · {sizeOf(file.bytes)}
          </span>
        </span>
      </button>
      {isOpen && <FileDialog file={file} onClose={() => setOpen(false)} />}
    </>
  );
}

function FileDialog({
  file,
  onClose,
}: {
  readonly file: FileCard;
  readonly onClose: () => void;
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState<string>();
  const [trouble, setTrouble] = useState<string>();
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    const reading = new AbortController();
    void readFile(file.url, reading.signal).then(setText, (error: unknown) => {
      if (!reading.signal.aborted) setTrouble(error instanceof Error ? error.message : String(error));
    });
    return () => reading.abort();
  }, [file.url]);
  return (
    <dialog class="file-dialog" ref={dialog} onClose={onClose} aria-label={file.title || file.name}>
      <header>
        <h2>{file.title || file.name}</h2>
        <a class="button" href={file.url} download={file.name}>
          Download
        </a>
        <button type="button" class="icon-button" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
          <span class="unseen">Close</span>
        </button>
      </header>
      <div class="file-text" tabIndex={0} role="region" aria-label="Contents">
        {trouble !== undefined ? (
          <p class="trouble">The file could not be read: {trouble}</p>
        ) : text === undefined ? (
          <p class="quiet">Reading …</p>
        ) : isCsv(file) ? (
          <CsvTable text={text} />
        ) : (
          <pre>{text}</pre>
        )}
      </div>
    </dialog>
  );
}

/** The cells are text and nothing else: what looks like a formula or a tag stays what it looks like. */
function CsvTable({ text }: { readonly text: string }): JSX.Element {
  const [head, ...rows] = splitCsv(text);
  return (
    <>
      <table class="cells">
        <thead>
          <tr>
            {head?.map((cell, index) => (
              <th key={index} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, maxRows).map((row, at) => (
            <tr key={at}>
              {row.map((cell, index) => (
                <td key={index}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > maxRows && <p class="quiet">{rows.length - maxRows} more rows are in the download.</p>}
    </>
  );
}

async function readFile(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Error(`expected the file, got HTTP ${response.status}`);
  return response.text();
}

function isCsv(file: FileCard): boolean {
  return /\.csv$/i.test(file.name);
}

function kindOf(file: FileCard): string {
  return (/\.(\w+)$/.exec(file.name)?.[1] ?? "text").toUpperCase();
}

function sizeOf(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 100) / 10} kB` : `${Math.round(bytes / 100_000) / 10} MB`;
}

/** Standard Markdown, as in `markdown` blocks, rewritten as mrkdwn: what is common in messages, not all of CommonMark. */
export function fromMarkdown(markdown: string): string {
  // Code keeps what it says; only what stands between is rewritten.
  return markdown
    .split(/(```[^]*?```|`[^`\n]+`)/)
    .map((piece, index) =>
      index % 2 === 0 ? rewritten(piece) : escaped(piece).replace(/^```\w+\n/, "```\n"),
    )
    .join("");
}

function rewritten(text: string): string {
  return escaped(text)
    .replace(/^&gt;/gm, ">")
    .replace(/^#{1,6}[ \t]+(.+)$/gm, "**$1**")
    .replace(/^([ \t]*)[-*+][ \t]+/gm, "$1• ")
    .replace(/!?\[([^\]\n]{1,500})\]\(([^()\s<>]{1,2000})\)/g, "<$2|$1>")
    .replace(/(?<![*\w])\*(?![*\s])([^*\n]{1,500})\*(?!\*)/g, "_$1_")
    .replace(/\*\*([^\n]{1,1000}?)\*\*/g, "*$1*")
    .replace(/~~([^\n]{1,1000}?)~~/g, "~$1~");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

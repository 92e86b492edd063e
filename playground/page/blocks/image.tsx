import type { JSX } from "preact";
import { textOf, type JsonObject } from "../../../slack-simulator/json.ts";
import { plainText } from "../text/plain-text.ts";
import { Link } from "../text/tokens.tsx";

/** An image that is here already; what would have to be fetched from elsewhere is only named, for the page is offline. */
export function Image({
  image,
  size,
}: {
  readonly image: JsonObject;
  readonly size: "small" | "large";
}): JSX.Element {
  const url = textOf(image.image_url);
  const alt = textOf(image.alt_text) || "Image";
  const title = plainText(image.title);
  if (isLocal(url)) {
    const shown = <img class={size === "small" ? "bk-thumbnail" : "bk-image"} src={url} alt={alt} />;
    if (title === "") return shown;
    return (
      <figure class="bk-figure">
        <figcaption>{title}</figcaption>
        {shown}
      </figure>
    );
  }
  return (
    <span class="bk-image-card">
      <span aria-hidden="true">🖼️ </span>
      <Link url={url}>{title || alt}</Link>
    </span>
  );
}

function isLocal(url: string): boolean {
  if (/^data:image\/(?:png|jpeg|gif|webp|svg\+xml)[;,]/.test(url)) return true;
  return (
    URL.canParse(url, location.href) && new URL(url, location.href).origin === location.origin && url !== ""
  );
}

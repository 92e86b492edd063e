import type { Site } from "../support/site.ts";

/** Has every active grant be over at `seconds` from now, as if it had been granted that much earlier. */
export async function endGrantsIn(site: Site, seconds: number): Promise<void> {
  await site.query(
    `with ended as (
       update grants set expires_at = now() + $1 * interval '1 second',
         active_at = least(active_at, now() + ($1 - 1) * interval '1 second')
       where status = 'active' returning id)
     update effects set due_at = now() + $1 * interval '1 second'
     where kind = 'revoke' and grant_id in (select id from ended)`,
    [seconds],
  );
}

/** What a killed process had claimed is free again, as it is some seconds later. */
export async function releaseClaims(site: Site): Promise<void> {
  await site.query("update effects set locked_until = null where done_at is null");
}

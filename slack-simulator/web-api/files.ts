import { objectsOf, textOf, type JsonObject } from "../json.ts";
import { messageFrom } from "../messages.ts";
import { MethodError } from "../method-error.ts";
import type { StoredFile } from "../model.ts";
import { postable } from "./chat.ts";
import type { MethodDeps, Methods } from "./method.ts";
import { fileShape } from "./shapes.ts";

/** files.*: ask for an upload URL, send the bytes there, complete. */
export function fileMethods(deps: MethodDeps): Methods {
  const { workspace, baseUrl, problems } = deps;
  return {
    "files.getUploadURLExternal": {
      scopes: ["files:write"],
      required: ["filename", "length"],
      run: (args) => {
        const length = Number(args.length);
        if (!Number.isInteger(length) || length <= 0) throw new MethodError("missing_argument");
        const name = textOf(args.filename);
        const id = workspace.nextId("F");
        const file: StoredFile = {
          id,
          name,
          title: name,
          content: Buffer.alloc(0),
          createdAt: workspace.now(),
          completed: false,
          channelIds: [],
        };
        workspace.putFile(file);
        return { upload_url: `${baseUrl()}upload/v1/${id}`, file_id: id };
      },
    },
    "files.completeUploadExternal": {
      scopes: ["files:write"],
      required: ["files"],
      run: (args) => {
        const uploads = objectsOf(args.files).map((entry) => {
          const file = workspace.file(textOf(entry.id));
          if (file === undefined || file.completed) throw new MethodError("file_not_found");
          if (file.content.length === 0) throw new MethodError("file_update_failed");
          return { file, title: textOf(entry.title) || file.name };
        });
        if (uploads.length === 0) throw new MethodError("file_not_found");
        const wanted = [textOf(args.channel_id), ...textOf(args.channels).split(",")].filter(
          (id) => id !== "",
        );
        const channels = wanted.map((id) => {
          const channel = postable(deps, id);
          if (!channel.members.includes(workspace.app.botUserId)) throw new MethodError("not_in_channel");
          return channel;
        });
        const completed = uploads.map(({ file, title }) => {
          const done: StoredFile = {
            ...file,
            title,
            completed: true,
            channelIds: channels.map((channel) => channel.id),
          };
          workspace.putFile(done);
          return done;
        });
        if (channels.length === 0)
          problems.warning("files.completeUploadExternal", "no channel: nobody sees the file");
        for (const channel of channels) shareIn(channel.id, completed, args);
        return { files: completed.map((file) => fileShape(workspace, file, baseUrl())) };
      },
    },
    "files.info": {
      scopes: ["files:read", "files:write"],
      required: ["file"],
      run: (args) => {
        const file = workspace.file(textOf(args.file));
        if (file === undefined) throw new MethodError("file_not_found");
        return { file: fileShape(workspace, file, baseUrl()) };
      },
    },
  };

  function shareIn(channelId: string, files: readonly StoredFile[], args: JsonObject): void {
    const where = { channelId, threadTs: textOf(args.thread_ts) || undefined };
    const author = { userId: workspace.app.botUserId, fileIds: files.map((file) => file.id) };
    workspace.putMessage(messageFrom(workspace, where, { text: textOf(args.initial_comment) }, author));
  }
}

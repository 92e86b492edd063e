import { accessStories } from "./access-stories.ts";
import { tellStories } from "./story.ts";

tellStories(accessStories);

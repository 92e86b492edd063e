import { decisionStories } from "./decision-stories.ts";
import { tellStories } from "./story.ts";

tellStories(decisionStories);

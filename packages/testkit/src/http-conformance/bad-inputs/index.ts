import type { HttpCaseGroup } from "../case.ts";
import { blockedUrls } from "./addresses.ts";
import { bodyInputs } from "./bodies.ts";
import { credentialInputs } from "./credentials.ts";
import { fieldInputs } from "./fields.ts";
import { acceptedHeaders, refusedHeaders } from "./headers.ts";
import { identifierInputs } from "./identifiers.ts";
import { keyInputs } from "./keys.ts";
import { pageInputs } from "./pages.ts";
import { rotationInputs } from "./rotations.ts";
import { acceptedDescriptions, acceptedEvents, refusedDescriptions, refusedEvents, refusedMetadata } from "./texts.ts";
import { acceptedUrls, refusedUrls } from "./urls.ts";

/** Inputs that have broken such APIs before: each is answered as its row says, never with 5xx, and without a trace. */
export const badInputCases: readonly HttpCaseGroup[] = [
  fieldInputs("url", { refused: [...blockedUrls, ...refusedUrls], accepted: acceptedUrls }),
  fieldInputs("events", { refused: refusedEvents, accepted: acceptedEvents }),
  fieldInputs("description", { refused: refusedDescriptions, accepted: acceptedDescriptions }),
  fieldInputs("metadata", { refused: refusedMetadata }),
  fieldInputs("headers", { refused: refusedHeaders, accepted: acceptedHeaders }),
  bodyInputs,
  keyInputs,
  pageInputs,
  identifierInputs,
  credentialInputs,
  rotationInputs,
];

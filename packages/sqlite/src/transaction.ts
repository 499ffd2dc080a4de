import type { InsertOutcome, NewMessage } from "@outhook/core";
import { OuthookError } from "@outhook/core";
import type { CompiledQuery } from "kysely";
import { CompiledQuery as Compiled } from "kysely";
import { busyFailure, failureOf, isBusy } from "./failures.ts";

import { hostDispatcher } from "./host-dispatcher.ts";
import { Client } from "undici";

// Importing undici 8 puts its own dispatcher under the host's global `fetch`. Modules that one import brings in are
// evaluated in order and in one go, so nobody can have changed it in between.
Reflect.set(globalThis, Symbol.for("undici.globalDispatcher.1"), hostDispatcher);

export { Client };

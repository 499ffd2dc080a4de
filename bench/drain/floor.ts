import type { Dispatcher } from "undici";
import { Client, Pool } from "undici";
import { newId } from "../../packages/core/src/id.ts";
import { bodyOf } from "../messages.ts";
import type { Engine, OpenEngine, Setup } from "./engine.ts";
import { nothing } from "./engine.ts";
import type { Task } from "./hand-written.ts";
import { createSign, originOf } from "./hand-written.ts";

/** How a floor posts: what comes back is done with before the promise resolves. */
type Post = (lane: number, request: Dispatcher.DispatchOptions) => Promise<void>;

/** So many that they take no memory worth mentioning. */
const distinctBodies = 64;

/** `request`, as undici's users call it, on a pool. */
export const openFloorRequest: OpenEngine = floorOf((setup) => {
  const pool = new Pool(originOf(setup.targets), { connections: setup.inFlight, allowH2: false });
  return async (_, { path, headers, body }) => {
    const answer = await pool.request({ path, method: "POST", headers: headers ?? null, body: body ?? null });
    await answer.body.dump();
    requireOk(answer.statusCode);
  };
});

/** `dispatch`, the least that undici offers, on a pool. */
export const openFloorDispatch: OpenEngine = floorOf((setup) => {
  const pool = new Pool(originOf(setup.targets), { connections: setup.inFlight, allowH2: false });
  return (_, request) => dispatch(pool, request);
});

/** `dispatch`, on a connection for each that is in flight, so that nothing has to be chosen. */
export const openFloorClients: OpenEngine = floorOf((setup) => {
  const origin = originOf(setup.targets);
  const clients = Array.from({ length: setup.inFlight }, () => new Client(origin, { allowH2: false }));
  return (lane, request) => {
    const client = clients[lane];
    if (client === undefined) throw new Error(`there is no connection ${lane}`);
    return dispatch(client, request);
  };
});

/** Signs and posts from memory, with no store. */
function floorOf(open: (setup: Setup) => Post): OpenEngine {
  return async (setup): Promise<Engine> => {
    const { targets, inFlight, bytes } = setup;
    const post = open(setup);
    const sign = createSign(targets);
    let tasks: readonly Task[] = [];
    return {
      prepare: nothing,
      enqueue: nothing,
      ready: async ({ first, count }) => {
        const bodies = Array.from({ length: distinctBodies }, (_, index) => bodyOf(index, bytes));
        tasks = Array.from({ length: count }, (_, index) => ({
          target: (first + index) % targets.length,
          id: newId("msg_"),
          body: bodies[index % distinctBodies] ?? "",
        }));
      },
      drain: async () => {
        let next = 0;
        const sendOn = async (_: unknown, lane: number): Promise<void> => {
          for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
            const { target, id } = task;
            const body = Buffer.from(task.body);
            await post(lane, { path: `/${target}`, method: "POST", headers: sign(target, id, body), body });
          }
        };
        await Promise.all(Array.from({ length: inFlight }, sendOn));
      },
      rest: nothing,
      close: nothing,
    };
  };
}

function dispatch(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let status = 0;
    dispatcher.dispatch(request, {
      onRequestStart: () => {},
      onResponseStart: (_, statusCode) => void (status = statusCode),
      onResponseData: () => {},
      onResponseEnd: () => (status === 200 ? resolve() : reject(new Error(`the receiver answered ${status}`))),
      onResponseError: (_, error) => reject(error),
    });
  });
}

function requireOk(status: number): void {
  if (status !== 200) throw new Error(`the receiver answered ${status}`);
}

/** Lets one loop sleep until something happens or time is up. */
export type Signal = {
  /** Ends the current wait, or the next one if nobody waits now. */
  readonly notify: () => void;
  /** Resolves on `notify`, or after `ms`. */
  readonly wait: (ms: number) => Promise<void>;
};

export function createSignal(): Signal {
  let raised = false;
  let end: (() => void) | null = null;
  return {
    notify: () => {
      if (end === null) raised = true;
      else end();
    },
    wait: async (ms) => {
      if (!raised) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        end = null;
      }
      raised = false;
    },
  };
}

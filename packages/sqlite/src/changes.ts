/**
 * Notices that somebody has written to the database file, of which SQLite tells nobody: it compares its `data_version` every so
 * often, which costs some microseconds. https://www.sqlite.org/pragma.html#pragma_data_version
 */
export type Changes = {
  /** To be called when this connection has written what others wait for: its own writes leave the version as it is. */
  readonly add: () => void;
  /** Calls `onChange` soon after a change, and once for what may have been missed before. */
  readonly watch: (onChange: () => void) => void;
  readonly stop: () => void;
};

const everyMs = 50;
/** Of these looks one also counts what this connection has written: an app wakes its own dispatcher, without waiting for that. */
const looksPerOwn = 5;

/** `version` is `null` while there is no connection whose version could be compared. */
export function createChanges(version: () => number | null): Changes {
  let timer: NodeJS.Timeout | undefined;
  let added = false;

  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
  };

  return {
    add: () => {
      added = true;
    },
    watch: (onChange) => {
      stop();
      let last: number | null = null;
      let looks = 0;
      timer = setInterval(() => {
        looks += 1;
        const now = version();
        const own = added && looks % looksPerOwn === 0;
        if (now === null || (now === last && !own)) return;
        last = now;
        added = false;
        onChange();
      }, everyMs);
    },
    stop,
  };
}

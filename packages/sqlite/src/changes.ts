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
      timer = setInterval(() => {
        const now = version();
        if (now === null || (now === last && !added)) return;
        last = now;
        added = false;
        onChange();
      }, everyMs);
    },
    stop,
  };
}

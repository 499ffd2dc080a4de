/** Most bytes of a request body. */
export const maxBodyBytes = 1_048_576;

import pg from "pg";
import type { Host } from "./host.ts";

/** Clients of pg, on which the host itself begins and ends its transactions. */
export function pgClient(url: string): Host<pg.PoolClient> {
  const pool = new pg.Pool({ connectionString: url });
  const statements: string[] = [];
  pool.on("connect", (client) => {
    const query = client.query.bind(client);
    const logged = (text: string, values?: unknown[]): Promise<pg.QueryResult> => {
      statements.push(text);
      return query(text, values);
    };
    Object.assign(client, { query: logged });
  });
  return {
    statements,
    transaction: async (work) => {
      const client = await pool.connect();
      try {
        await client.query("begin");
        await work({
          tx: client,
          insertOrder: (id) => client.query("insert into orders (id) values ($1)", [id]),
          countOrders: () => client.query("select count(*) from orders"),
        });
        await client.query("commit");
      } catch (error) {
        await client.query("rollback");
        throw error;
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}

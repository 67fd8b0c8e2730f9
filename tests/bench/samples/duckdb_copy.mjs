// Writes the rows of a Parquet file to another one with DuckDB, in one thread,
// and prints the seconds that took. The rows are in memory when the clock starts.
//
//   node duckdb_copy.mjs FROM TO
import { DuckDBConnection } from '@duckdb/node-api'

const [from, to] = process.argv.slice(2).map(path => `'${path.replaceAll("'", "''")}'`)
const connection = await DuckDBConnection.create()
await connection.run('SET threads = 1')
await connection.run(`CREATE TABLE samples AS FROM read_parquet(${from})`)
const begin = process.hrtime.bigint()
await connection.run(`COPY samples TO ${to} (FORMAT parquet, COMPRESSION zstd)`)
console.log(Number(process.hrtime.bigint() - begin) / 1e9)

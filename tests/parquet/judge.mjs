// Reads Parquet files with two readers that have nothing in common with their
// writer, or with each other, and prints what each finds, as JSON: for each file
// {"duckdb": FOUND, "hyparquet": FOUND}, where FOUND is {"error": text} or
//   columns   [[name, type]...]
//   rows      [[value...]...]
//   groups    [{rows, columns: [{codec, encodings, nulls, least, most}...]}...]
//   pairs     {name: value}, the metadata kept with the file
// Every value is text or null, such that nothing is lost on the way:
//   b:0  b:1           booleans         t:HEX   text, the bytes of it
//   i:123              integers         j:HEX   JSON, the bytes of it
//   u:123              unsigned ones    m:123   times in microseconds since 1970
//   d:HEX              doubles, the bits of them, nan for every NaN
//
//   node judge.mjs [--rows=no] FILE...
import { DuckDBConnection } from '@duckdb/node-api'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

const hexOf = bytes => Buffer.from(bytes).toString('hex')

function bitsOf(value) {
  if (Number.isNaN(value)) return 'nan'
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes.toString('hex')
}

// ---- DuckDB

const duckTypes = {
  BOOLEAN: ['boolean', v => 'b:' + (v ? 1 : 0)],
  BIGINT: ['integer', v => 'i:' + v],
  UBIGINT: ['unsigned', v => 'u:' + v],
  DOUBLE: ['real', v => 'd:' + bitsOf(v)],
  VARCHAR: ['text', v => 't:' + v],
  JSON: ['json', v => 'j:' + v],
  'TIMESTAMP WITH TIME ZONE': ['time', v => 'm:' + v.micros],
}

async function askDuckDb(connection, path, withRows) {
  const file = `'${path.replaceAll("'", "''")}'`
  const all = async sql => {
    const reader = await connection.runAndReadAll(sql)
    return reader.getRowObjectsJson()
  }
  const described = await connection.runAndReadAll(`DESCRIBE FROM ${file}`)
  const columns = described.getRows().map(row => [row[0], row[1]])
  const quoted = name => `"${name.replaceAll('"', '""')}"`
  let rows = null
  if (withRows) {
    // As hex: text that comes as JavaScript text has lost its byte order mark.
    const list = columns.map(([name, type]) => type === 'VARCHAR' || type === 'JSON'
      ? `lower(hex(encode(${quoted(name)}::VARCHAR)))` : quoted(name))
    const reader = await connection.runAndReadAll(
      `SELECT ${list.join(', ')} FROM read_parquet(${file})`)
    rows = reader.getRows().map(row => row.map((value, i) =>
      value === null ? null : duckTypes[columns[i][1]][1](value)))
  }
  // What DuckDB makes of the statistics when it uses them: no row may be missing.
  const [{ total }] = await all(`SELECT count(*)::VARCHAR AS total FROM read_parquet(${file})`)
  let lost = null
  for (const [name] of columns.slice(0, 50)) {
    const found = await all(
      `SELECT count(*)::VARCHAR AS n FROM (SELECT min(${quoted(name)}) AS a, max(${quoted(name)}) AS z ` +
      `FROM read_parquet(${file}, file_row_number = true) WHERE file_row_number >= 0) r ` +
      `WHERE r.a IS NOT NULL AND (NOT EXISTS (FROM read_parquet(${file}) WHERE ${quoted(name)} = r.a) ` +
      `OR NOT EXISTS (FROM read_parquet(${file}) WHERE ${quoted(name)} = r.z))`)
    if (found[0].n !== '0') lost = name
  }
  const groups = []
  for (const chunk of await all(
    `SELECT row_group_id AS g, row_group_num_rows AS rows, compression, encodings, stats_null_count AS nulls, ` +
    `stats_min_value AS least, stats_max_value AS most FROM parquet_metadata(${file}) ORDER BY row_group_id, column_id`)) {
    const group = groups[chunk.g] ??= { rows: String(chunk.rows), columns: [] }
    group.columns.push({
      codec: chunk.compression, encodings: chunk.encodings, nulls: String(chunk.nulls),
      least: chunk.least, most: chunk.most,
    })
  }
  const pairs = {}
  for (const pair of await all(
    `SELECT decode(key) AS k, decode(value) AS v FROM parquet_kv_metadata(${file})`)) {
    pairs[pair.k] = pair.v
  }
  return {
    columns: columns.map(([name, type]) => [name, duckTypes[type]?.[0] ?? type]),
    count: total, lost, rows, groups, pairs,
  }
}

// ---- hyparquet

const parsers = {
  timestampFromMicroseconds: v => ({ micros: v }),
  stringFromBytes: v => v && { bytes: v },
  jsonFromBytes: v => v && { bytes: v },
}

function hyparquetType(element) {
  const logical = element.logical_type?.type
  if (element.type === 'BOOLEAN') return 'boolean'
  if (element.type === 'DOUBLE') return 'real'
  if (element.type === 'INT64') {
    if (logical === 'TIMESTAMP') {
      return element.logical_type.isAdjustedToUTC && element.logical_type.unit === 'MICROS' &&
        element.converted_type === 'TIMESTAMP_MICROS' ? 'time' : 'strange time'
    }
    if (logical === 'INTEGER') {
      return !element.logical_type.isSigned && element.logical_type.bitWidth === 64 &&
        element.converted_type === 'UINT_64' ? 'unsigned' : 'strange integer'
    }
    return 'integer'
  }
  if (element.type === 'BYTE_ARRAY') {
    if (logical === 'STRING' && element.converted_type === 'UTF8') return 'text'
    if (logical === 'JSON' && element.converted_type === 'JSON') return 'json'
  }
  return 'strange ' + element.type
}

const hyparquetValues = {
  boolean: v => 'b:' + (v ? 1 : 0),
  integer: v => 'i:' + v,
  unsigned: v => 'u:' + BigInt.asUintN(64, v),
  real: v => 'd:' + bitsOf(v),
  text: v => 't:' + hexOf(v.bytes),
  json: v => 'j:' + hexOf(v.bytes),
  time: v => 'm:' + v.micros,
}

function statistic(value) {
  if (value === undefined || value === null) return null
  if (value.bytes !== undefined) return 't:' + hexOf(value.bytes)
  if (value.micros !== undefined) return 'm:' + value.micros
  if (typeof value === 'bigint') return 'i:' + value
  if (typeof value === 'number') return 'd:' + bitsOf(value)
  if (typeof value === 'boolean') return 'b:' + (value ? 1 : 0)
  return 't:' + hexOf(Buffer.from(String(value)))
}

async function askHyparquet(path, withRows) {
  const file = await asyncBufferFromFile(path)
  const metadata = await parquetMetadataAsync(file, { parsers })
  const elements = metadata.schema.slice(1)
  const columns = elements.map(element => [element.name, hyparquetType(element)])
  let rows = null
  if (withRows) {
    const objects = await parquetReadObjects({ file, metadata, compressors, parsers })
    rows = objects.map(object => columns.map(([name, type]) => {
      const value = object[name]
      return value === null || value === undefined ? null : hyparquetValues[type](value)
    }))
  }
  const groups = metadata.row_groups.map(group => ({
    rows: String(group.num_rows),
    columns: group.columns.map(({ meta_data: chunk }) => ({
      codec: chunk.codec,
      encodings: chunk.encodings.join(', '),
      nulls: String(chunk.statistics.null_count),
      least: statistic(chunk.statistics.min_value),
      most: statistic(chunk.statistics.max_value),
      exact: [chunk.statistics.is_min_value_exact, chunk.statistics.is_max_value_exact],
    })),
  }))
  const pairs = {}
  for (const { key, value } of metadata.key_value_metadata ?? []) pairs[key] = value
  const optional = elements.every(element => element.repetition_type === 'OPTIONAL')
  return {
    columns, count: String(metadata.num_rows), rows, groups, pairs,
    created_by: metadata.created_by, optional,
  }
}

// ----

const options = process.argv.slice(2).filter(word => word.startsWith('--'))
const paths = process.argv.slice(2).filter(word => !word.startsWith('--'))
const withRows = !options.includes('--rows=no')
const connection = await DuckDBConnection.create()
await connection.run("SET TimeZone = 'UTC'; SET threads = 1")
for (const path of paths) {
  const found = {}
  for (const [name, ask] of [
    ['duckdb', () => askDuckDb(connection, path, withRows)],
    ['hyparquet', () => askHyparquet(path, withRows)],
  ]) {
    try {
      found[name] = await ask()
    } catch (error) {
      found[name] = { error: String(error.message ?? error) }
    }
  }
  process.stdout.write(JSON.stringify(found) + '\n')
}

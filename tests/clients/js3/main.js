// The argument, lines of line protocol, written by the client that the environment describes; what came of it, as JSON.
import {HttpError, InfluxDBClient} from '@influxdata/influxdb3-client'

const seen = {}
const client = new InfluxDBClient()
try {
  await client.write(process.argv[2], process.env.INFLUX_DATABASE)
} catch (error) {
  seen.type = error.constructor === HttpError ? 'HttpError' : error.name // names are shortened in the package
  seen.message = error.message
  if (error instanceof HttpError) {
    seen.status = error.statusCode
    seen.phrase = error.statusMessage
    seen.code = error.code
    seen.json = error.json
  }
} finally {
  await client.close()
}
console.log(JSON.stringify(seen))

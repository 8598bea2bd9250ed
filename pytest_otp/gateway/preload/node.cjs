// Leads the connections of a Node.js program to SMS services to the test's gateway, whatever opens them: fetch, https,
// tls, net or a package that uses one of these. Other connections are not touched.
//
// `otp_gateway.environ(preload=True)` loads it with NODE_OPTIONS=--require into each Node process and worker thread.
// CommonJS with built-in modules only, so that every application can load it. Without the gateway's variables it does
// nothing. If the gateway has stopped, connections to SMS services are refused: no real SMS is sent.
'use strict'

const gateway = process.env.PYTEST_OTP_GATEWAY_URL
const patterns = process.env.PYTEST_OTP_GATEWAY_HOSTS

if (gateway && patterns) lead(new URL(gateway), matcher(patterns.split(',')))

// Whether a host name matches one of the patterns, in which `*` stands for any part of a name.
function matcher (patterns) {
  const any = patterns.filter(Boolean).map(pattern => pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*'))
  const expression = new RegExp(`^(?:${any.join('|')})\\.?$`, 'i')
  return host => typeof host === 'string' && expression.test(host)
}

function lead (gateway, isSmsService) {
  const net = require('net')
  const { errorMonitor } = require('events')
  const address = { host: gateway.hostname.replace(/^\[|\]$/g, ''), port: Number(gateway.port) || 80 }
  const connect = net.Socket.prototype.connect

  // Every client ends here: tls.TLSSocket inherits it, and http, https, fetch and undici use net and tls.
  net.Socket.prototype.connect = function (...args) {
    const host = requestedHost(args)
    if (!isSmsService(host)) return connect.apply(this, args)
    // The gateway tells the service by the server name, which tls sends only if the caller set one.
    if (this.encrypted && !this.servername && typeof this.setServername === 'function') this.setServername(host)
    this.once(errorMonitor, error => explain(error, host))
    return connect.apply(this, redirected(args, address))
  }

  // What `net.Socket.connect` may be called with: (options), (port, host), or both as net passes them on, in an array.
  function requestedHost (args) {
    const first = Array.isArray(args[0]) ? args[0][0] : args[0]
    if (first === null || first === undefined) return undefined
    if (typeof first === 'object') return first.path ? undefined : first.host
    return typeof args[1] === 'string' ? args[1] : undefined
  }

  // A copy: the caller's options still name the service, which is what its certificate is checked against.
  function redirected (args, address) {
    if (Array.isArray(args[0])) {
      args[0][0] = withAddress(args[0][0], address) // the array is marked as one of net's own, so it stays
      return args
    }
    if (typeof args[0] === 'object') return [withAddress(args[0], address), ...args.slice(1)]
    return [address.port, address.host, ...args.slice(2)]
  }

  function withAddress (options, address) {
    return Object.assign(Object.create(Object.getPrototypeOf(options)), options, address)
  }

  function explain (error, host) {
    if (error.code === 'ECONNREFUSED') {
      error.message += ` (the SMS gateway of pytest-otp stands in for ${host} here, and is not running)`
    }
  }
}

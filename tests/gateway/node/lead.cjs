// An application that sends by clients of Node's own, none of which reads a proxy setting. Usage: lead.cjs TO
const https = require('https'), net = require('net'), tls = require('tls')
const { Worker } = require('worker_threads')
const { execFileSync } = require('child_process')
const authorization = 'Basic ' + btoa('AC00000000000000000000000000000000:invented')
const path = '/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json'
const head = 'GET / HTTP/1.1\r\nHost: api.twilio.com\r\n\r\n'
const ask = socket => new Promise((resolve, reject) => {
  socket.on('error', reject).write(head)
  socket.once('data', data => {
    resolve(String(data).split(' ')[1])
    socket.destroy()
  })
})
async function main (to) {
  for (const origin of ['https://api.twilio.com', 'http://api.twilio.com', 'https://api.twilio.com:8443']) {
    const url = origin + path
    const body = new URLSearchParams({ To: to, From: '+15005550006', Body: 'Your code is 482913' })
    console.log('fetch', (await fetch(url, { method: 'POST', body, headers: { authorization } })).status)
  }
  await new Promise((resolve, reject) => https.get('https://api.twilio.com/', answer => {
    console.log('https', answer.statusCode)
    answer.resume().on('end', resolve)
  }).on('error', reject))
  console.log('tls', await ask(tls.connect(443, 'api.twilio.com')))
  console.log('net', await ask(net.connect({ host: 'API.twilio.com.', port: 80 })))
  const program = "fetch('https://api.twilio.com/').then(answer => console.log(answer.status))"
  await new Promise(resolve => new Worker(program, { eval: true }).on('exit', resolve))
  console.log('module', String(execFileSync(process.execPath, ['--input-type=module', '--eval', program])).trim())
  const other = net.createServer(socket => socket.end('HTTP/1.1 204 mine\r\n')).listen(0, '127.0.0.1', async () => {
    console.log('others', await ask(net.connect(other.address().port, 'localhost')))
    other.close()
  })
}
main(process.argv[2])

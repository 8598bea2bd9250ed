import { initClient } from 'messagebird'

const [to, text] = process.argv.slice(2)
const client = initClient('made-up')
await new Promise((resolve, reject) =>
  client.messages.create({ originator: 'Harbour', recipients: [to], body: text }, (error, sent) =>
    error ? reject(error) : resolve(sent),
  ),
)

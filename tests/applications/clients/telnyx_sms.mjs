import Telnyx from 'telnyx'

const [to, text] = process.argv.slice(2)
await new Telnyx({ apiKey: 'made-up' }).messages.send({ from: '+12015550100', to, text })

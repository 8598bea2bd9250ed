import twilio from 'twilio'

const [to, text] = process.argv.slice(2)
const twiml = `<Response><Say>${text}</Say></Response>`
await twilio('AC' + '0'.repeat(32), 'made-up').calls.create({ to, from: '+12015550100', twiml })

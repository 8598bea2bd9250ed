const { default: twilio } = await import(process.env.PACKAGE ?? 'twilio')
const [to, body] = process.argv.slice(2)

await twilio('AC' + '0'.repeat(32), 'made-up').messages.create({ to, from: 'Harbour', body })

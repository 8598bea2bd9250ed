import plivo from 'plivo'

const [to, text] = process.argv.slice(2)
await new plivo.Client('MA' + 'X'.repeat(18), 'made-up').messages.create({ src: '+12015550100', dst: to, text })

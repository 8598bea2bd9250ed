"""The keeper: a side process that does all speaking with a real provider, and outlives the run.

The response to an order request reaches the keeper even if the test process is killed while waiting for it. Every other
way to protect orders from a killed test process needs a list of the active orders, which providers do not document.
And nothing that patches, records or reports the HTTP requests of the test process sees any of the provider's.

`guard` decides how a provider is spoken to, `provider` is one that the keeper speaks to, `client` the test process's
end of the pipes, `server` the keeper's end in the side process (`process`), `calls` what it does at a provider, and
`wire` has the messages between them.
"""

// A real OpenID provider for the tests: whoever comes is let in as the account that was named last. A line on standard input
// changes something: `account <json>`, `rotate`. Each is answered by a line on standard output.

import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { generateKeyPairSync } from 'node:crypto'
import Provider from 'oidc-provider'

const redirectUri = process.env.PROVIDER_REDIRECT_URI
const resource = 'https://api.acme.test'
const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`

let account = { sub: 'nobody' }
let keys = []
let provider

function makeKey(kind) {
  const { privateKey } =
    kind === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), kid: `key-${keys.length + 1}`, use: 'sig', alg: kind }
}

function start(algorithm) {
  keys = [makeKey(algorithm), ...keys]
  provider = new Provider(issuer, {
    jwks: { keys },
    clients: [
      {
        client_id: 'tenantry',
        client_secret: 'a secret & more',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: algorithm,
      },
      {
        client_id: 'robot',
        client_secret: 'robot',
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
        scope: 'api',
        id_token_signed_response_alg: algorithm,
      },
    ],
    cookies: { keys: ['of the tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    scopes: ['openid', 'email', 'profile', 'api'],
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx) => (ctx.oidc.params?.grant_type === 'client_credentials' ? resource : undefined),
        getResourceServerInfo: () => ({ scope: 'api', audience: resource, accessTokenFormat: 'jwt', jwt: { sign: { alg: algorithm } } }),
        useGrantedResource: () => true,
      },
    },
    extraTokenClaims: () => ({ groups: ['people'] }),
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ ...account, sub: id }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })
}

start('RS256')
server.on('request', async (request, response) => {
  if (request.url.startsWith('/interaction/')) {
    await provider.interactionFinished(request, response, { login: { accountId: account.sub } })
  } else {
    provider.callback()(request, response)
  }
})

console.log(`issuer ${issuer}`)
createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, ...rest] = line.split(' ')
  if (command === 'account') account = JSON.parse(rest.join(' '))
  if (command === 'rotate') start(rest[0] ?? 'RS256')
  console.log('done')
})
process.stdin.on('end', () => process.exit(0))

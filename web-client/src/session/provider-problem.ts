/** What the identity provider's way ended with, by the word in the address, as a sentence for the person. */
export function providerProblem(word: string): string {
  return sentences.get(word) ?? "Signing in did not succeed. Try again, or choose another way.";
}

const sentences: ReadonlyMap<string, string> = new Map([
  ["no_provider", "This organisation has no identity provider of its own. Choose another way."],
  [
    "provider_unreachable",
    "The organisation’s identity provider does not answer as it should. Try again later, or choose another way.",
  ],
  ["provider_refused", "You did not sign in there, or were not let in. Try again, or choose another way."],
  ["expired", "That took too long, or was begun in another browser. Try again."],
  [
    "provider_untrusted",
    "What the organisation’s identity provider answered is not to be trusted. Tell your administrator.",
  ],
  ["email_not_verified", "The identity provider has not confirmed your e-mail address. Ask its administrator."],
  ["not_a_member", "You are not a member of this organisation. Ask one of its administrators to invite you."],
  ["no_role", "The identity provider gives you no role here, or not any more. Ask your administrator."],
  ["no_seat", "All seats of your organisation’s plan are taken. Ask your administrator."],
  ["owner", "Owners sign in by their password or a passkey."],
  ["linked_otherwise", "Your account belongs to another person of the identity provider. Ask your administrator."],
]);

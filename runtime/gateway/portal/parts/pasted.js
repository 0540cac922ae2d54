// The values of a business number, and what is seen to be wrong with them before anyone is asked. The server looks at them as well.

/** @typedef {{good: string} | {bad: string} | {soft: string}} Verdict */
/** @typedef {{key: string, title: string, where: string, secret: boolean, example: string, check: (text: string) => Verdict}} Field */

/** What is pasted, in the order in which Meta's pages show it. @type {Field[]} */
export const FIELDS = [
  {
    key: 'phone_number_id', title: 'Phone number ID', where: 'Meta app, WhatsApp, API Setup. It stands below the number, and is not the number.', secret: false, example: '106540352242922',
    check: (text) => {
      if (/^\+/.test(text) || (/[\s()-]/.test(text) && /^[\d\s()+-]+$/.test(text))) return { bad: 'This is the phone number. Copy the ID that stands below it.' };
      if (!/^\d+$/.test(text)) return { bad: 'The ID has digits only.' };
      if (text.length < 14) return { bad: 'That is too short for an ID, and may be the phone number itself. The ID has 15 to 17 digits.' };
      if (text.length > 17) return { bad: 'That is too long: the ID has 15 to 17 digits.' };
      return { good: 'Looks like an ID' };
    },
  },
  {
    key: 'access_token', title: 'Access token', where: 'Business settings, System users, Generate token. With whatsapp_business_messaging and whatsapp_business_management.', secret: true, example: 'EAA…',
    check: (text) => {
      if (/^[0-9a-f]{32}$/i.test(text)) return { bad: 'This is an app secret. The token begins with EAA and is longer.' };
      if (!text.startsWith('EAA')) return { bad: 'A token of Meta begins with EAA.' };
      if (/\s/.test(text)) return { bad: 'There is a space in it. Copy it as a whole.' };
      if (text.length < 60) return { bad: 'That is only a part of a token.' };
      return { soft: 'Looks like a token. One from API Setup ends after 24 hours: use that of a system user.' };
    },
  },
  {
    key: 'app_secret', title: 'App secret', where: 'Meta app, App settings, Basic, App secret, Show. It proves that posts come from Meta.', secret: true, example: '32 letters and digits',
    check: (text) => {
      if (text.startsWith('EAA')) return { bad: 'This is an access token. The secret is in the settings of the app.' };
      return /^[0-9a-f]{32}$/i.test(text) ? { good: 'Looks like an app secret' } : { bad: `An app secret has 32 digits and letters from a to f; this has ${text.length} characters.` };
    },
  },
];

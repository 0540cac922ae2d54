// Telephone numbers as they are typed. The server has the last word; this says early what is certainly wrong.

/** Calling codes and a country of each, for a hint beside the field. Codes that several countries share name the largest. */
const COUNTRIES = '1US 7RU 20EG 27ZA 30GR 31NL 32BE 33FR 34ES 36HU 39IT 40RO 41CH 43AT 44GB 45DK 46SE 47NO 48PL 49DE 51PE 52MX 53CU 54AR 55BR 56CL 57CO 58VE 60MY 61AU 62ID 63PH 64NZ 65SG 66TH 81JP 82KR 84VN 86CN 90TR 91IN 92PK 93AF 94LK 95MM 98IR 211SS 212MA 213DZ 216TN 218LY 220GM 221SN 222MR 223ML 224GN 225CI 226BF 227NE 228TG 229BJ 230MU 231LR 232SL 233GH 234NG 235TD 236CF 237CM 238CV 239ST 240GQ 241GA 242CG 243CD 244AO 245GW 248SC 249SD 250RW 251ET 252SO 253DJ 254KE 255TZ 256UG 257BI 258MZ 260ZM 261MG 263ZW 264NA 265MW 266LS 267BW 268SZ 269KM 291ER 297AW 298FO 299GL 350GI 351PT 352LU 353IE 354IS 355AL 356MT 357CY 358FI 359BG 370LT 371LV 372EE 373MD 374AM 375BY 376AD 377MC 378SM 380UA 381RS 382ME 383XK 385HR 386SI 387BA 389MK 420CZ 421SK 423LI 501BZ 502GT 503SV 504HN 505NI 506CR 507PA 509HT 591BO 592GY 593EC 595PY 597SR 598UY 670TL 673BN 674NR 675PG 676TO 677SB 678VU 679FJ 680PW 685WS 686KI 687NC 689PF 691FM 692MH 852HK 853MO 855KH 856LA 880BD 886TW 960MV 961LB 962JO 963SY 964IQ 965KW 966SA 967YE 968OM 970PS 971AE 972IL 973BH 974QA 975BT 976MN 977NP 992TJ 993TM 994AZ 995GE 996KG 998UZ';

const BY_CODE = new Map(COUNTRIES.split(' ').map((entry) => [entry.replace(/\D/g, ''), entry.replace(/\d/g, '')]));
const names = new Intl.DisplayNames(['en'], { type: 'region' });

/** The country of a number with `+`, or an empty text. @param {string} number */
export function country(number) {
  const digits = number.replace(/\D/g, '');
  for (const length of [3, 2, 1]) {
    const region = BY_CODE.get(digits.slice(0, length));
    if (region) return region === 'US' ? 'United States or Canada' : region === 'RU' ? 'Russia or Kazakhstan' : names.of(region) || '';
  }
  return '';
}

/** @typedef {{entry: string, error: string, hint: string}} Read what a line is: either an entry or an error */

/** Reads one line of what was typed: a number, or another kind of entry, such as a group, as it is. @param {string} line @returns {Read} */
export function read(line) {
  const typed = line.trim();
  if (!typed) return { entry: '', error: '', hint: '' };
  // Entries of other kinds (a group, a name of a chat network) are the server's to judge.
  if (typed === '*') return { entry: '', error: 'Everyone is not a person: an open bot is set up in the configuration.', hint: '' };
  if (/\p{L}/u.test(typed) || typed.includes('@') || /^[a-z]+:/.test(typed)) return { entry: typed, error: '', hint: 'not a phone number; the server checks it' };
  const international = typed.startsWith('+') || typed.startsWith('00');
  const digits = typed.replace(/^00/, '').replace(/\D/g, '');
  if (/[^\d\s+().\-/\u00a0\u2010-\u2015]/.test(typed)) return { entry: '', error: `“${typed}” has signs that no phone number has.`, hint: '' };
  if (!international) return { entry: '', error: 'Write + and the country code first, such as +44 20 7946 0000.', hint: '' };
  if (digits.startsWith('0')) return { entry: '', error: 'A country code does not begin with 0.', hint: '' };
  if (digits.length < 7) return { entry: '', error: 'That is too short for a phone number.', hint: '' };
  if (digits.length > 15) return { entry: '', error: 'That is too long: a phone number has 15 digits at most.', hint: '' };
  return { entry: `+${digits}`, error: '', hint: country(digits) };
}

/** What was pasted, a number a line or with commas between them. @param {string} text */
export const lines = (text) => text.split(/[\n,;]+/).map((line) => line.trim()).filter(Boolean);

/** A number in groups that can be read aloud. Other entries stay as they are. @param {string} entry */
export function grouped(entry) {
  const digits = /^\+(\d{7,15})$/.exec(entry)?.[1];
  if (!digits) return entry;
  const code = [3, 2, 1].map((n) => digits.slice(0, n)).find((start) => BY_CODE.has(start)) || '';
  const rest = digits.slice(code.length);
  if (code === '1' && rest.length === 10) return `+1 ${rest.slice(0, 3)} ${rest.slice(3, 6)} ${rest.slice(6)}`;
  const groups = rest.length > 4 ? [...(rest.slice(0, -4).match(/.{1,3}/g) || []), rest.slice(-4)] : [rest];
  return `+${code}${code ? ' ' : ''}${groups.join(' ')}`;
}

"""Phrases that look like somebody's data, by their category in the fideslang taxonomy.

A phrase is one or more words as ``split`` gives them (singular, English, lower case); it fits a
name that has these words one after the other. More words before fewer, so that ``bank account``
is found before ``account``. https://ethyca.github.io/fideslang/taxonomy/data_categories/
"""

_BY_CATEGORY = """
user.contact.email: email; email address; mail address
user.contact.phone_number: phone; phone number; contact number; sms; whatsapp; call number; caller
user.contact.fax_number: fax
user.contact.address.street: address; street; address line; house number; street number;
    apartment; building number; thoroughfare; shipping address; billing address;
    residence
user.contact.address.postal_code: postal code; post code; postal
user.contact.address.city: city; town; municipality; suburb; village; locality
user.contact.address.state: county; province; district; state code; region; state province;
    federal state
user.contact.address.country: country; country code; nation; country iso; country name
user.contact.url: website; personal url; facebook; twitter; instagram; linkedin; skype; telegram;
    xing; social link; facebook url; icq; msn; yahoo; aim; jabber; xmpp; mastodon; discord; slack
user.contact.organization: company; employer; organisation; company name; institution; university
user.contact: contact; emergency; next of kin; guardian; kin; contact name; recipient name
user.device.ip_address: ip; ip address; remote address; remote addr; remote host; inet; network;
    locationip; forwarded for; client address; x forwarded; subnet
user.device.cookie_id: cookie; cookie id; visitor id
user.device.device_id: device id; push token; device token; fingerprint; installation id;
    advertising id; serial number; handset; sim
user.device: user agent; browser; device; operating system; platform version; screen; agent
user.authorization.password: password; encrypted password; password hash; salt; otp; pin; crypted;
    password digest; passkey; backup code; recovery code; mfa; totp; fa; remember; reset;
    challenge; security question; security answer; secret question; secret answer
user.authorization.credentials: token; secret; private key; api key; access key; session id;
    session key; refresh token; credential; auth; oauth; authorization; authentication;
    public key; session; key auth; key hash; consumer key; signing key; encryption key;
    certificate; nonce; verifier; csrf; scope; activation key; activation code; confirmation code;
    verification code; verification; code challenge; login; passport token; share key;
    invite code; invitation code; webauthn; saml; ldap; sso; dn; key; login attempt; sign in;
    sign count; sign up; signed in; failed attempt; lockout
user.name.first: first name; given name; middle name; preferred name; initial
user.name.last: last name; family name; mother name; father name
user.name: full name; real name; legal name; display name; person name; author name; holder name;
    card holder; cardholder; customer name; user name; employee name; patient name; maiden;
    member name; owner name; sender name; ship name; billing name; shipping name; suffix;
    salutation; courtesy; honorific; name prefix; prefix; signature; sender; recipient; author;
    holder; guest name; client name; student name; driver name; passenger name; alias; nick;
    beneficiary; owner
user.account.username: username; handle; nickname; screen name; user login; account name;
    profile name; human identifier; mention name; user slug; userprincipalname; logon; login name;
    login id
user.demographic.date_of_birth: birth; birth date; date of birth; birth year; birth month; born;
    age; birth place
user.demographic.age_range: age range; age group; age verified; adult; minor; death; deceased;
    death date
user.demographic.gender: gender; pronoun; pregnant; transgender
user.demographic.language: locale; time zone; mother tongue; native language; spoken language;
    utc offset
user.demographic.marital_status: marital status; marital; married; spouse; partner name;
    civil status; divorced; household; child; dependent; family
user.demographic.race_ethnicity: race; ethnicity; ethnic; nationality; citizenship; origin; tribe;
    caste
user.demographic.religious_belief: religion; religious; faith; church; denomination; belief
user.demographic.political_opinion: political; party membership; union; trade union;
    political party; ideology
user.demographic.sexual_orientation: sexual; sexual orientation; orientation; lgbt
user.demographic: education; degree; qualification; school; income band; veteran; disability;
    disabled; immigrant; asylum; refugee; homeless; literacy; occupation; profession; hobby;
    interest; biography; bio; about
user.government_id.national_identification_number: national id; social security;
    social security number; identity card; national identification; identity number;
    identity document; aadhaar; personnummer; id number; id card; document number;
    national number; insurance number; citizen; pesel
user.government_id.passport_number: passport; passport number
user.government_id.drivers_license_number: driver license; driving license; license number
user.government_id.immigration: visa; immigration; residence permit; permit
user.government_id.vehicle_registration: license plate; number plate; plate; vin;
    registration number; vehicle
user.government_id: government; tax number; tax id; fiscal code; fiscal
user.financial.bank_account: bank account; iban; bic; account number; bank; sort code;
    routing number; bank name; routing; sepa; mandate; creditor; debtor; account balance
user.financial.credit_card: credit card; card number; card code; card; card expiry; last four;
    expiry month; expiry year; last digit; card type; expiration month
user.payment: payment; payment method; paypal; stripe; transaction; refund; charge; billing;
    invoice; checkout; payout; subscription; wallet; adyen; braintree; klarna; gateway; paid
user.financial: amount; tax; salary; wage; income; balance; credit; debit; debt; loan; mortgage;
    bonus; pay; pay rate; payroll; compensation; commission; rent; revenue; net worth; asset;
    pension; deduction; credit score; credit limit; spend; spent; tip; fare; fee; earning; earned;
    allowance; equity; gross; net; portfolio; holding; stake; donation; donate; purchase; bet;
    discount; total; subtotal; owed; due; bankrupt; bankruptcy; insolvent; loyalty; cost; freight;
    risk score; risk; fraud
user.health_and_medical.record_id: medical record; record number; mrn; nhs number; nhs;
    insurance id
user.health_and_medical.genetic: genetic; dna; genome; gene
user.health_and_medical: health; medical; diagnosis; symptom; treatment; medication; drug;
    allergy; blood; blood group; blood type; hiv; std; covid; vaccine; vaccination; vaccinated;
    disease; illness; condition; prescription; dosage; dose; weight; bmi; heart rate; pulse;
    pressure; glucose; cholesterol; temperature; pregnancy; smoker; smoking; alcohol; therapy;
    surgery; clinical; patient; doctor; physician; nurse; ward; admission; discharge; lab;
    test result; specimen; icd; mental; psychiatric; diet; vegan; vegetarian; systolic; diastolic;
    pain; prognosis; therapist; sleep; cycle; sick; sick leave; insurance; cause; procedure;
    hospital; clinic; height cm; calorie; step count; chronic
user.biometric: biometric; face; retina; iris; voice; voiceprint; gait; palm; embedding;
    faceprint; thumbprint
user.criminal_history: criminal; conviction; offence; offense; arrest; sentence; court;
    background check; police
user.job_title: job; job title; position title; employment; hire; hired; hire date; terminated;
    leave; leave date; contract; performance; appraisal; rating; evaluation; review score; grade;
    promotion; termination; dismissal; probation; supervisor; manager; absence; vacation;
    attendance; exam; mark; gpa; resume; cv; curriculum; cover letter; applicant; recruiter;
    shift; overtime; reports to; score
user.location.precise: latitude; longitude; location; coordinate; position lat; geo; geometry;
    geography; geohash; altitude; pickup; dropoff; destination; trip; route; track point;
    waypoint; place; heading; speed; geolocation; polyline; start point; end point; lat long
user.location.imprecise: geoip; zone name; area
user.content.self_image: picture; avatar url; picture url; photo url; image url; profile image;
    photo; avatar; portrait; selfie; thumbnail; image; headshot; gravatar; video; media; audio;
    icon
user.content.private: message; body; note; content; text; comment; caption; detail; remark;
    subject; reply; html; raw; cooked; memo; transcript; excerpt; spoiler; draft; prompt; answer;
    question; reason; justification; complaint; feedback; reflection; essay; submission; letter;
    feeling; mood; opinion; story; poem; free text; statement; observation; narrative;
    instruction; cuttag; headline; changelog; release note; tagline; quote; summary; snippet;
    keyword; phrase; todo; task; wish; greeting; rejection; explanation; description; title;
    review; vote; choice
user.behavior.search_history: search; query; search term; searched
user.behavior.browsing_history: referrer; referer; referral; landing; landing page; page view;
    visited; visit; click; clicked; url; link; path; request url; user path; utm; campaign; href;
    permalink; redirect; endpoint
user.behavior.purchase_history: order; ordered; purchased; cart; basket; sku bought; shipped;
    shipment; tracking; delivery; delivered; booking; reservation; check in; check out; ticket;
    quantity ordered; voucher; coupon
user.behavior.media_consumption: watched; watch; listened; played; viewed; view; seen; read;
    last read; rental; rented; return; returned; lent; borrowed; progress; streak; favorite;
    bookmark
user.behavior: last seen; last login; last access; last active; last activity; last visit;
    login count; accessed; last used; used; activity; event; action; active minute; presence;
    online; last posted; last post; posted; confirmed; verified; invited; consent; signed;
    accepted; approved; rejected; banned; suspended; silenced; blocked; muted; warned; warning;
    violation; report; reported; flagged; moderation; moderated; sanction; deleted; requested;
    emailed; notified; expire; expired; canceled; attended; joined; left; ended; started
user.unique_id: external id; provider id; external; remote; provider uid; uid; facebook id;
    google id; apple id; twitter id; github id; sub; foreign id; identifier; stripe id;
    customer id; third party; provider; identity; wechat; openid; member number; customer number;
    employee number; matriculation; loyalty number; student number; oid; sid; code
user.social: friend; follower list; relationship; connection; tagged; relative; parent name
user.telemetry: telemetry; crash; stack trace; backtrace; error message; exception; payload;
    argument; params; parameter; data; metadata; meta; log; job class; handler; request; response;
    header; old value; new value; changes; changeset; diff; snapshot; properties; attributes;
    extra; context; state data; value; json; xml; blob; dump; raw data; cache; serialized;
    recorded; before; after; fields; option
user.workplace: workplace; office; desk; room
user.childrens: child name; minor consent; parental; parental consent
"""


def _phrases() -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    category = ""
    for line in _BY_CATEGORY.strip().splitlines():
        head, colon, rest = line.partition(": ")
        if colon:
            category = head
        for phrase in (rest if colon else line).split(";"):
            if phrase.strip():
                found.setdefault(tuple(phrase.split()), category)
    return found


PHRASES = _phrases()
"""Phrases with the category they suggest."""
LONGEST = max(len(phrase) for phrase in PHRASES)

WEAK = frozenset(
    """user.content.private user.behavior user.behavior.media_consumption user.telemetry
    user.unique_id user.behavior.browsing_history user.social user.workplace
    user.behavior.purchase_history user.location.imprecise user.contact.organization
    user.content.self_image""".split()
)
"""Categories whose words often stand for harmless things too."""

OFTEN = frozenset(
    (word,)
    for word in """total subtotal discount cost net gross region rating score job mark shift
    performance contract promotion about interest school leave manager supervisor profession degree
    commission hobby asset holding origin condition location place area destination route track
    heading speed temperature pressure cycle procedure treatment subscription scope network screen
    platform prefix suffix disabled""".split()
)
"""Single words as harmless as those of weak categories."""

ALONE = frozenset("card pin key image media video suffix prefix scope reset remember owner".split())
"""Words that are as telling as that only where they are the whole name of a table."""

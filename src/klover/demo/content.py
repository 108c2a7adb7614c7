r"""What the invented people write, and the reference tables they share.

Each text stands as a person would have typed it: quotes, tabs, line ends, backslashes, marks that
turn the direction of writing, the very strings that formats use as signals (``\N``, ``\.``,
``NULL``). Nothing here names a person; what does is put in by the rows that hold it.
"""
# ruff: noqa: RUF001 - letters of many scripts are the point

LANGUAGES: tuple[tuple[str, str, str], ...] = (
    ("ar", "Arabic", "العربية"),
    ("bg", "Bulgarian", "български"),
    ("bn", "Bengali", "বাংলা"),
    ("cs", "Czech", "čeština"),
    ("da", "Danish", "dansk"),
    ("de", "German", "Deutsch"),
    ("el", "Greek", "ελληνικά"),
    ("en", "English", "English"),
    ("es", "Spanish", "español"),
    ("et", "Estonian", "eesti"),
    ("fi", "Finnish", "suomi"),
    ("fr", "French", "français"),
    ("ga", "Irish", "Gaeilge"),
    ("he", "Hebrew", "עברית"),
    ("hi", "Hindi", "हिन्दी"),
    ("hr", "Croatian", "hrvatski"),
    ("hu", "Hungarian", "magyar"),
    ("is", "Icelandic", "íslenska"),
    ("it", "Italian", "italiano"),
    ("ja", "Japanese", "日本語"),
    ("ka", "Georgian", "ქართული"),
    ("ko", "Korean", "한국어"),
    ("lt", "Lithuanian", "lietuvių"),
    ("lv", "Latvian", "latviešu"),
    ("nb", "Norwegian Bokmål", "norsk bokmål"),
    ("nl", "Dutch", "Nederlands"),
    ("pl", "Polish", "polski"),
    ("pt", "Portuguese", "português"),
    ("ro", "Romanian", "română"),
    ("ru", "Russian", "русский"),
    ("sk", "Slovak", "slovenčina"),
    ("sl", "Slovenian", "slovenščina"),
    ("sv", "Swedish", "svenska"),
    ("sw", "Swahili", "Kiswahili"),
    ("tl", "Tagalog", "Tagalog"),
    ("tr", "Turkish", "Türkçe"),
    ("uk", "Ukrainian", "українська"),
    ("zh", "Chinese", "中文"),
    ("zu", "Zulu", "isiZulu"),
)

_TAG_STARTS = (
    "slow", "tiny", "night", "home", "street", "lazy", "deep", "wild", "retro", "été", "夜",
    "быстро",
)  # fmt: skip
_TAG_ENDS = (
    "cooking", "dance", "knitting", "football", "garden", "trains", "cats", "synth", "ski",
    "söta", "🔥", "猫", "выпечка", "makeup", "books", "fjord",
)  # fmt: skip
TAGS: tuple[str, ...] = tuple(start + end for start in _TAG_STARTS for end in _TAG_ENDS)

ADJECTIVES = (
    "quiet", "Amber", "brisk", "lunar", "mossy", "Neon", "salty", "velvet", "wooden", "polar",
    "spicy", "hollow", "Turbo", "gentle", "rusty", "sunny",
)  # fmt: skip
ANIMALS = (
    "otter", "Heron", "lynx", "puffin", "Gecko", "walrus", "ibis", "marmot", "Tapir", "newt",
    "osprey", "badger", "kestrel", "Axolotl", "stoat", "moose",
)  # fmt: skip

DISPLAY_NAMES = (
    "night swimmer", "✨ bad at baking ✨", "the last tram", "", "крошка енот", "夜更かし", "🐈‍⬛",
    'quotes "everywhere"', "NULL", "tab\there", "O'Clock", "\u200fمن الشرق\u200f", "Fjordpony",
    "बस यूँ ही", "\\N", "two  spaces", "Zażółć", "<b>bold</b>", "100% wool", "N/A",
)  # fmt: skip

BIOS: tuple[str | None, ...] = (
    None,
    "",
    "I film trains.\nSometimes buses.",
    "dance teacher 💃 | coffee ☕ | no DMs",
    'They said "be yourself"; so here is my cat.',
    "C:\\videos\\mine\\new",
    "línea uno\r\nlínea dos",
    "κάτι γλυκό κάθε μέρα",
    "日々のごはんと猫",
    "ты не пройдёшь 🧙",
    "col1\tcol2\tcol3",
    "مقاطع قصيرة عن الطبخ",
)

TITLES = (
    "One pan, five minutes", "The 06:14 to nowhere", "Knitting a sleeve, part 3", "猫が落ちる",
    "Как испечь хлеб", "I was wrong about rye", 'it is "fine"', "Μουσακάς για δύο",
    "Dance break 💥", "ठंडी सुबह", "Fjord, fog, ferry", "Ça bouge à Liège",
    "Rain on a tin roof (1 hour)", "\\o/ finished!", "50 % off?", "غروب", "第一次滑雪",
    "unboxing\tnothing", "Sourdough; DROP the lid", "¿Quién vive ahí?",
)  # fmt: skip

CAPTIONS: tuple[str | None, ...] = (
    None,
    "",
    "\\N",
    "\\.",
    "NULL",
    "full recipe in the comments 👇\n\n1. flour\n2. water\n3. patience",
    "shot on a phone\\tablet, cut on a train",
    'she said: "one more take", it took 41',
    "don't @ me, it's O'Clock somewhere",
    "tab\tseparated\tlife",
    "windows line\r\nend",
    "👩‍👩‍👧‍👦🏳️‍🌈🇳🇴 emoji soup",
    "Z̷a̶l̴g̵o̶ comes",
    "\u202eright to left\u202c and back",
    "<script>alert('hi')</script>",
    "'; DELETE FROM videos; --",
    '{"json": "in a caption", "n": null}',
    "καλημέρα από το λιμάνι",
    "шёл дождь, и мы сняли это",
    "今日の散歩はここまで。",
    "आज का वीडियो थोड़ा लंबा है",
    "صباح الخير من السوق",
    "trailing space ",
    "100,000 views?! 1e5 thanks",
    "snow again ❄️",
)

LONG_CAPTION = "the whole story, unabridged — " * 700
"""Long enough to leave its row (about 21,000 characters)."""

COMMENTS = (
    "first!", "this is so calm", "how did you do that??", "why is nobody talking about the cat",
    "🔥🔥🔥", "me at 3 a.m.", "la música 😭", "nice,\nbut the rye was right", '"fine" he says',
    "genial, merci !", "πού είναι αυτό;", "люблю такое", "もう一回見た", "कमाल", "ممتاز",
    "saw it on the ferry", "5/7", "it's the hat, isn't it", "C:\\> run", "slow\tclap",
    "more trains please", "jeg gråter 😂", "太好了",
)  # fmt: skip

MESSAGES = (
    "are we still on for Friday?", "don't tell anyone, but I got the job",
    "the results came back, call me", "my flat is the blue door, second floor",
    "I can't stop thinking about last night", "see you at the clinic",
    "sending you the photos:\nplease delete them after", 'he said "never again"',
    "la clé est sous le pot", "ich vermisse dich", "я в больнице, всё хорошо", "帮我保密",
    "πες μου την αλήθεια", "لا تخبر أحداً", "I'll pay you back on the 1st",
    "they vote on the strike tomorrow", "it's a girl 💗", "pray for me",
)  # fmt: skip

SEARCHES = (
    "how to bake rye", "trains at night", "divorce lawyer near me", "is it a tumour",
    "cat falls off shelf", "union meeting", "mosque opening hours", "how to quit smoking",
    "hvordan søke asyl", "pregnancy test wrong", "ночной поезд", "夜行バス", "slow dance",
    "κοντινό νοσοκομείο", "cheap flights\tone way", "o'clock meaning",
)  # fmt: skip

USER_AGENTS = (
    "Clips/9.4 (iPhone14,5; iOS 18.1)", "Clips/9.4 (Pixel 8; Android 15)",
    "Clips/8.0 (SM-A546B; Android 14)",
    "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
    "Clips/9.1 (Redmi; Android 13)",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
)  # fmt: skip

MODELS = (
    "iPhone 13",
    "Pixel 8",
    "Galaxy A54",
    "Redmi Note 12",
    "Fairphone 5",
    'iPad 10.9"',
    "Firefox",
)

PURPOSES = ("advertising", "analytics", "recommendations", "precise-location")

STREETS = (
    "Storgata", "Hauptstraße", "Rue de l'Église", "Via dell'Orso", "Ul. Długa", "Main St",
    "Calle Ñuñez", "Οδός Ερμού", "ул. Шипка", "O'Connell Street", "中山路", "شارع النيل",
)  # fmt: skip

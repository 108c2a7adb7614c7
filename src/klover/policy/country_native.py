"""What countries are called in their own languages. Generated: do not edit.

`scripts/generate_countries.py` writes it from the Unicode CLDR as babel 2.19.0 has it (its
licence is in NOTICE), for every official language of each territory, de facto and regional ones
included. Two letters, then the names.
"""

NATIVE = """
AE الإمارات العربية المتحدة
AF افغانستان|Owganystan
AG Antigua & Barbuda
AL Shqipëri
AM Հայաստան
AT Österreich|Austrija|Avstrija|Ausztria
AX Åland
AZ Azərbaycan|Азәрбајҹан
BA Босна и Херцеговина|Bosna i Hercegovina
BD বাংলাদেশ
BE België|Belgique|Belgien
BG България
BH البحرين
BI Uburundi
BN Brunei|بروني
BQ Caribisch Nederland
BR Brasil|Brazile
BT འབྲུག
BY Беларусь
CA ᑲᓇᑕᒥ
CD Congo-Kinshasa|Kongo - Kinshasa|Republíki ya Kongó Demokratíki
CF Ködörösêse tî Bêafrîka|République centrafricaine
CG Congo-Brazzaville
CH Schweiz|Schwiiz|Suisse|Svizzera|Svizra
CM Cameroun
CN 中国|جۇڭگو|Cunghgoz|རྒྱ་ནག|중국
CW Kòrsou
CY Κύπρος|Kıbrıs
CZ Česko
DE Deutschland|Tjiisklun
DJ جيبوتي
DK Danmark|Dänemark|Danmarki
DO República Dominicana
DZ الجزائر|Algérie
EE Eesti
EG مصر
EH الصحراء الغربية
ER ኤርትራ|إريتريا
ES España|Espanya|Espainia|Espanha
ET ኢትዮጵያ
FI Suomi|Lääʹddjânnam
FK Falkland Islands
FM Micronesia
FO Føroyar
GB Y Deyrnas Unedig|an Ríocht Aontaithe|An Rìoghachd Aonaichte
GE საქართველო|Гуырдзыстон|Қырҭтәыла
GF Guyane française
GH Gaana|Ghana nutome
GL Kalaallit Nunaat
GN Guinée
GQ Guinea Ecuatorial|Guinée équatoriale|Guiné Equatorial
GR Ελλάδα
GS South Georgia & South Sandwich Islands
GW Guiné-Bissau
HK 中國香港特別行政區|Hong Kong SAR China
HR Hrvatska|Croazia|Croasia
HU Magyarország
IE Éire
IL ישראל|إسرائيل
IM Ellan Vannin
IN भारत|ভারত|భారతదేశం|இந்தியா|بھارت|ભારત|ಭಾರತ|ଭାରତ|ഇന്ത്യ|ਭਾਰਤ|ভাৰত|ᱤᱱᱰᱤᱭᱟ|ہِندوستان|ڀارت|भारतः
IQ العراق|عێراق
IR ایران
IS Ísland
IT Italia|Italie
JO الأردن
JP 日本
KG Кыргызстан|Киргизия
KH កម្ពុជា
KM جزر القمر|Comores
KN St. Kitts & Nevis
KP 북한
KR 대한민국
KW الكويت
KZ Казахстан|Қазақстан
LA ລາວ
LB لبنان
LC St. Lucia
LI Liächteschtäi
LK ශ්‍රී ලංකාව|இலங்கை
LT Lietuva
LU Lëtzebuerg|Luxemburg
LV Latvija
LY ليبيا
MA المغرب|Maroc|Meṛṛuk
MD Republica Moldova
ME Crna Gora
MG Madagasikara
MK Северна Македонија|Maqedonia e Veriut
MM မြန်မာ
MN Монгол
MO 中國澳門特別行政區|Macau, RAE da China
MR موريتانيا
MU Maurice
MV ދިވެހި ރާއްޖެ
MZ Moçambique
NC Nouvelle-Calédonie
NG Nàìjíríà
NL Nederland|Nederlân
NO Norge|Noreg|Norga
NP नेपाल
NZ Aotearoa
OM عُمان
PF Polynésie française
PG Papua Niugini
PH Pilipinas
PK پاکستان
PL Polska|Polen|Lenkija
PM Saint-Pierre-et-Miquelon
PN Pitcairn Islands
PS الأراضي الفلسطينية
PY Paraguai
QA قطر
RE La Réunion
RS Srbija|Србија|Szerbia|Srbsko|Сербія
RU Россия|Росси|Рәсәй|Урысей|Рузонь мастор|Арассыыйа|Ород Улас|Русија|Россия Федерациязы|Урысые
RW U Rwanda
SA المملكة العربية السعودية
SD السودان
SE Sverige|Ruotsi
SG 新加坡|Singapura|சிங்கப்பூர்
SH St. Helena, Ascension & Tristan da Cunha
SI Slovenija|Zlovenia
SJ Svalbard og Jan Mayen
SK Slovensko
SN Senegaal
SO Soomaaliya|الصومال
ST São Tomé e Príncipe
SX Sint Maarten
SY سوريا
TC Turks & Caicos Islands
TD تشاد|Tchad
TH ไทย
TJ Тоҷикистон
TN تونس|Tunisie
TT Trinidad & Tobago
TW 台灣
TZ Tanzania
UA Україна|Украина
UM U.S. Outlying Islands
US United States|Estados Unidos|ʻAmelika Hui Pū ʻIa
UZ Oʻzbekiston|Ўзбекистон
VA Città del Vaticano
VC St. Vincent & Grenadines
VE Venezuela
VG British Virgin Islands
VI U.S. Virgin Islands
WF Wallis-et-Futuna
XK Kosovë|Косово
YE اليمن
ZA iNingizimu Afrika|EMzantsi Afrika|Suid-Afrika|Afrika Borwa|Aforika Borwa
"""

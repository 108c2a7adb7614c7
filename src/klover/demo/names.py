"""Names of invented people, in the scripts they are written in.

A name is a pool, a given name, initials and a family name; the ordinal of a person within a pool
decides all three, so no name occurs twice. Pools share no family name: a European's name is never
part of somebody else's, and can be looked for wherever it should not be. An entry in another
script carries the Latin spelling that its owner uses in addresses, behind a bar.
"""
# ruff: noqa: RUF001 - letters of many scripts are the point

import unicodedata
from dataclasses import dataclass

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "đ": "d", "ð": "d", "þ": "th"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Given and family names that go together; each is (as written, in Latin letters)."""

    given: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]

    def name(self, ordinal: int) -> str:
        """Tell the full name of the person who came ``ordinal``-th to this pool."""
        given, family, round_ = self._places(ordinal)
        return f"{self.given[given][0]} {_initials(round_)} {self.family[family][0]}"

    def mailbox(self, ordinal: int) -> str:
        """Tell how that person writes the name in an address."""
        given, family, _ = self._places(ordinal)
        return f"{self.given[given][1]}.{self.family[family][1]}"

    def _places(self, ordinal: int) -> tuple[int, int, int]:
        block, given = divmod(ordinal, len(self.given))
        round_, family = divmod(block, len(self.family))
        return given, (family + given * 7) % len(self.family), round_


def _initials(number: int) -> str:
    """Count in letters: A., B., then after Z. come A.A., A.B. and so on."""
    letters = ""
    number += 1
    while number:
        number, letter = divmod(number - 1, len(_LETTERS))
        letters = f"{_LETTERS[letter]}.{letters}"
    return letters


def _latin(written: str) -> str:
    bare = unicodedata.normalize("NFKD", written.lower().translate(_PLAIN))
    return "".join(sign for sign in bare if sign.isascii() and (sign.isalnum() or sign in "'-"))


def _entries(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (entry.strip().partition("|") for entry in text.split(",") if entry.strip())
    return tuple((written, latin or _latin(written)) for written, _, latin in pairs)


def _pool(given: str, family: str) -> Pool:
    return Pool(given=_entries(given), family=_entries(family))


POOLS: dict[str, Pool] = {
    "nordic": _pool(
        "Marit, Åse, Bjørn, Sølvi, Þóra, Søren, Göran, Ingrid, Eero, Päivi, Lars, Astrid, Jón",
        "Nordahl-Hauge, Lindqvist, Bøe, Sørbråten, Ægisdóttir, Virtanen, Håkonsen, Ångström,"
        " Rasmussen, Kjærgaard, Fjellheim, Øverland, Mäkelä, Þorsteinsson, Sandvik, Ekström",
    ),
    "german": _pool(
        "Jürgen, Käthe, Anneliese, Björn-Uwe, Lena, Matthias, Urs, Heidi, Götz, Sabine, Felix",
        "Müller-Lüdenscheidt, Groß, Weiß, Oberhuber, von der Heide, Schäfer, Zürcher, Köhler,"
        " Pfäffli, Jäger, Brunnhofer, Kranz, Österreicher, Vollmer, Fußbroich, Bächtold",
    ),
    "romance": _pool(
        "Zoë, François, João, Núria, Chloé, Giulia, Iñaki, Mădălina, Luís, Héloïse, Niccolò, Inês",
        "Lefèvre, D'Angelo, Gonçalves, Ibáñez, de la Croix, Fragapane, Ștefănescu, Œuvrard,"
        " Belmonte, L'Hôpital, Vaz Pinto, Etxeberria, Cusumano, Brânză, Thibault, Peñalver",
    ),
    "slavic": _pool(
        "Łukasz, Zuzana, Žiga, Małgorzata, Jiří, Katarína, Ivana, Grzegorz, Ondřej, Đurđa, Eliška",
        "Brzęczyszczykiewicz, Dvořáková, Kovačič, Żółkiewska, Šimánek, Hrušovská, Wójcik, Čermák,"
        " Babić, Świętochowska, Havlíček, Zupančič, Krajčí, Piątek, Vrchlický, Szymańska",
    ),
    "islands": _pool(
        "Aoife, Seán, Nigel, Ffion, Hamish, Priya, Tadhg, Saoirse, Olwen, Rupert, Mairéad, Karim",
        "O'Sullivan, Ó Briain, McAllister, Featherstonehaugh, Llewellyn-Pugh, Nic Giolla,"
        " St. John, Okafor-Byrne, Patel-Hughes, MacNeacail, D'Arcy, Penhaligon, Ashworth, Rhys",
    ),
    "baltic": _pool(
        "Jānis, Rūta, Mindaugas, Õie, Zoltán, Ágnes, Gintarė, Ülle, Csaba, Līga, Eglė, Märt",
        "Bērziņš, Kazlauskienė, Põldmäe, Szőke-Nagy, Ozoliņa, Čiurlionis, Tõnisson, Kőrösi,"
        " Žukauskas, Kalniņš, Mägi, Fehérvári, Üksküla, Petrauskaitė, Hegedűs, Krūmiņa",
    ),
    "greek": _pool(
        "Νίκος|nikos, Ελένη|eleni, Γιώργος|giorgos, Αθηνά|athina, Σοφία|sofia, Ηλίας|ilias,"
        " Δήμητρα|dimitra, Σπύρος|spyros, Ιωάννα|ioanna, Χρήστος|christos",
        "Παπαδόπουλος|papadopoulos, Καραγιάννη|karagianni, Θεοδωράκης|theodorakis,"
        " Ψαρρός|psarros, Ξενάκη|xenaki, Οικονόμου|oikonomou, Ζαχαρίου|zachariou,"
        " Βλάχος|vlachos, Μυλωνάς|mylonas, Αντωνίου|antoniou, Στρατηγού|stratigou",
    ),
    "bulgarian": _pool(
        "Иван|ivan, Цветелина|tsvetelina, Георги|georgi, Радка|radka, Бойко|boyko, Яна|yana,"
        " Щерю|shteryu, Миглена|miglena, Асен|asen, Ралица|ralitsa",
        "Димитров|dimitrov, Стоянова|stoyanova, Йорданов|yordanov, Чакърова|chakarova,"
        " Жечев|zhechev, Къдрева|kadreva, Балъкчиев|balakchiev, Ганчева|gancheva, Янков|yankov",
    ),
    "american": _pool(
        "Dana, Tyrone, María José, Wyatt, LaToya, Kai, Bobby, Guadalupe, Skyler, Moana, Chad,"
        " Robert'); DROP TABLE accounts;--",
        "Whitfield, Castañeda, Begaye, Null, O'Hara, Washington, Kealoha, St. Clair, Van Horn,"
        " Tran, Kowalski, Hernández, Two Bulls, Jackson III, McCoy, Da Silva Jr.",
    ),
    "latin": _pool(
        "Thiago, Ximena, Ñusta, Caetano, Rocío, Facundo, Yaretzi, João Pedro, Belén, Axayácatl",
        "Muñoz, Quispe, Etcheverry, Nascimento, Huamán, Ordóñez, Xochitl, Figueiredo, Piñera,"
        " Cárdenas, Tlatelpa, Guimarães, Mamani, Ayala, Brandão",
    ),
    "chinese": _pool(
        "伟|wei, 秀英|xiuying, 子涵|zihan, 建国|jianguo, 婷婷|tingting, 浩宇|haoyu, 静怡|jingyi,"
        " 志強|zhiqiang, 雅雯|yawen, 𠮷生|jisheng",
        "王|wang, 欧阳|ouyang, 陳|chen, 司马|sima, 刘|liu, 龔|gong, 诸葛|zhuge, 謝|xie, 邓|deng,"
        " 夏侯|xiahou",
    ),
    "japanese": _pool(
        "さくら|sakura, 翔太|shota, 美咲|misaki, 健一|kenichi, あおい|aoi, 陽菜|hina, 大輔|daisuke,"
        " 지훈|jihun, 서연|seoyeon",
        "髙橋|takahashi, 斎藤|saito, 小鳥遊|takanashi, 渡邊|watanabe, 中村|nakamura, 김|kim,"
        " 박|park, 一二三|hifumi, 伊集院|ijuin",
    ),
    "arabic": _pool(
        "محمد|mohammed, فاطمة|fatima, عبد الله|abdullah, ليلى|layla, يوسف|yusuf, نور|nour,"
        " دانيال|daniel, רבקה|rivka, آرش|arash",
        "الحسيني|alhusseini, القحطاني|alqahtani, بن سلمان|binsalman, كوهين|cohen, لوي|levy,"
        " رضایی|rezaei, الخطيب|alkhatib, المصري|almasri",
    ),
    "indian": _pool(
        "अनन्या|ananya, विवेक|vivek, প্রিয়া|priya, ராஜேஷ்|rajesh, लक्ष्मी|lakshmi, اقبال|iqbal,"
        " సీత|sita, अर्जुन|arjun, ਗੁਰਪ੍ਰੀਤ|gurpreet",
        "शर्मा|sharma, চট্টোপাধ্যায়|chattopadhyay, சுப்பிரமணியம்|subramaniam, श्रीवास्तव|srivastava,"
        " ਸਿੰਘ|singh, త్రివేది|trivedi, भट्टाचार्य|bhattacharya, कुलकर्णी|kulkarni",
    ),
    "african": _pool(
        "Chukwuemeka, Ọlárónkẹ́, Thabo, Wanjikũ, Aminata, Kwabena, Nomvula, ሰላም|selam, Abebe",
        "Adébáyọ̀, Nkosi, Mwangi, Diop, Owusu-Ansah, ተክለ|tekle, Ngũgĩ, Okonkwo, Traoré, Dlamini,"
        " Mbeki, Ndiaye",
    ),
    "eastern": _pool(
        "Дмитрий|dmitry, Олександра|oleksandra, Ержан|erzhan, Светлана|svetlana, Тарас|taras,"
        " Айгуль|aigul, გიორგი|giorgi, Անահիտ|anahit, Ayşe, Ömer",
        "Кузнецов|kuznetsov, Шевченко|shevchenko, Нурсултанов|nursultanov, Щукина|shchukina,"
        " ბერიძე|beridze, Սարգսյան|sargsyan, Yıldırım, Öztürk, Пушкарёва|pushkareva",
    ),
    "overseas": _pool(
        "Nivi, Malik, Teva, Hinano, Jóannes, Ragna, Gwendoline, Moeata, Aviâja, Tàmasi",
        "Olsvíg, Kleíst, Teriitehau, Joensen-Næs, Le Feuvre, Tuheiava, Pisani-Gomez, Poulsèn,"
        " Wallis-Uvea, Picardo",
    ),
}
"""By the name of the pool. ``homes`` says which home draws from which."""

//! Who says what, in many languages and sentence forms: invented sentences, none of them from a corpus.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use naba_enrich::Pipeline;
use naba_proto::v1::{Article, Block, BlockRole};

/// Language, paragraphs, and the quotes with their speakers.
type Case = (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

fn quotes(language: &str, paragraphs: &[&str]) -> Vec<(String, String)> {
    let block = |text: &&str| Block { role: BlockRole::Paragraph.into(), text: (*text).into(), ..Block::default() };
    let article =
        Article { language: language.into(), blocks: paragraphs.iter().map(block).collect(), ..Article::default() };
    let quotes = Pipeline::new(&["quotes"]).unwrap().run(&article).quotes;
    quotes.into_iter().map(|quote| (quote.text, quote.speaker_surface)).collect()
}

fn assert_cases(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (language, paragraphs, want) in cases {
        let found = quotes(language, paragraphs);
        let found: Vec<(&str, &str)> = found.iter().map(|(text, speaker)| (text.as_str(), speaker.as_str())).collect();
        if found != *want {
            wrong.push(format!("{language} {paragraphs:?}\n   found {found:?}\n   want  {want:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn arabic() {
    assert_cases(&[
        (
            "ar",
            &[
                "قال المتحدث باسم وزارة الدفاع العقيد سمير الراوي إن \"القوات انسحبت من التلة ليلا\".",
                "وأضاف الراوي: \"لن نعود إليها قبل الربيع\".",
            ],
            &[("القوات انسحبت من التلة ليلا", "سمير الراوي"), ("لن نعود إليها قبل الربيع", "سمير الراوي")],
        ),
        (
            "ar",
            &[
                "أعلنت وزيرة البيئة اللبنانية ندى خليفة خطة جديدة.",
                "وأوضحت الوزيرة أن الخطة \"تحتاج إلى ثلاث سنوات على الأقل\"، مشيرة إلى أن التمويل \"غير متوافر\".",
            ],
            &[("تحتاج إلى ثلاث سنوات على الأقل", "ندى خليفة"), ("غير متوافر", "ندى خليفة")],
        ),
        (
            "ar",
            &[
                "التقى الرئيس التونسي فؤاد بن عمر نظيره الجزائري رضا مرابط في قصر قرطاج.",
                "وشدد الرئيس التونسي على أن \"الحدود ستبقى مفتوحة أمام التجارة\".",
                "من جانبه، رأى مرابط أن اللقاء \"بداية صفحة جديدة بين البلدين\".",
            ],
            &[("الحدود ستبقى مفتوحة أمام التجارة", "فؤاد بن عمر"), ("بداية صفحة جديدة بين البلدين", "رضا مرابط")],
        ),
        (
            "ar",
            &["«لا نريد سوى العودة إلى بيوتنا»، تقول هدى المصري، وهي أم لأربعة أطفال. وتضيف: «تعبنا من الخيام»."],
            &[("لا نريد سوى العودة إلى بيوتنا", "هدى المصري"), ("تعبنا من الخيام", "هدى المصري")],
        ),
        (
            "ar",
            &["وبحسب الخبير الاقتصادي جورج عازار، فإن السوق \"لم يعد يحتمل صدمات جديدة\"."],
            &[("لم يعد يحتمل صدمات جديدة", "جورج عازار")],
        ),
        ("ar", &["عرض الفيلم \"ظلال المدينة\" في مهرجان قرطاج، ونال جائزة \"التانيت الذهبي\"."], &[]),
        (
            "ar",
            &["قال مسؤول محلي، طلب عدم ذكر اسمه، إن \"الطريق سيفتح غدا أمام الشاحنات\"."],
            &[("الطريق سيفتح غدا أمام الشاحنات", "")],
        ),
        (
            "ar",
            &["وكتب النائب عماد الحجار على منصة إكس: \"سنطعن في القانون أمام المجلس الدستوري\". وتابع: \"لن نسكت\"."],
            &[("سنطعن في القانون أمام المجلس الدستوري", "عماد الحجار"), ("لن نسكت", "عماد الحجار")],
        ),
        (
            "ar",
            &["وردا على سؤال، أجابت مديرة المتحف سلوى قباني بأن القطع \"في أمان تام ولا خوف عليها\"."],
            &[("في أمان تام ولا خوف عليها", "سلوى قباني")],
        ),
        (
            "ar",
            &["وقال ترامب إن بلاده \"لن تدفع دولارا واحدا إضافيا\" للحلف."],
            &[("لن تدفع دولارا واحدا إضافيا", "ترامب")],
        ),
        (
            "ar",
            &["من جهتها، قالت منظمة الصحة العالمية في بيان إن الوضع \"يتدهور بسرعة في كل المحافظات\"."],
            &[("يتدهور بسرعة في كل المحافظات", "")],
        ),
        (
            "ar",
            &[
                "وأكد رئيس الوزراء العراقي حيدر الساعدي، خلال مؤتمر صحافي مشترك مع نظيره الأردني، أن \"المياه حق للجميع وليست ورقة ضغط\".",
            ],
            &[("المياه حق للجميع وليست ورقة ضغط", "حيدر الساعدي")],
        ),
    ]);
}

#[test]
fn persian_urdu_and_hindi() {
    assert_cases(&[
        (
            "fa",
            &[
                "مریم صابری، مدیر موزهٔ ملی، گفت: «این سکه‌ها هرگز در معرض دید نبوده‌اند.»",
                "خانم صابری افزود: «نمایشگاه تا پایان سال ادامه دارد.»",
            ],
            &[
                ("این سکه‌ها هرگز در معرض دید نبوده‌اند.", "مریم صابری"),
                ("نمایشگاه تا پایان سال ادامه دارد.", "مریم صابری"),
            ],
        ),
        (
            "fa",
            &["به گفتهٔ رضا کاویانی، کارشناس اقتصاد، «تورم تا تابستان پایین نمی‌آید»."],
            &[("تورم تا تابستان پایین نمی‌آید", "رضا کاویانی")],
        ),
        (
            "ur",
            &[
                "وزیر تعلیم عائشہ ملک نے کہا کہ ’نیا نصاب اگلے سال سے نافذ ہوگا۔‘ انھوں نے مزید بتایا کہ ’کتابیں مفت دی جائیں گی۔‘",
            ],
            &[("نیا نصاب اگلے سال سے نافذ ہوگا۔", "عائشہ ملک"), ("کتابیں مفت دی جائیں گی۔", "عائشہ ملک")],
        ),
        (
            "hi",
            &["शिक्षा मंत्री अनीता देसाई ने कहा, \"नई किताबें अगले साल से मिलेंगी।\" उन्होंने कहा, \"कोई शुल्क नहीं लगेगा।\""],
            &[("नई किताबें अगले साल से मिलेंगी।", "अनीता देसाई"), ("कोई शुल्क नहीं लगेगा।", "अनीता देसाई")],
        ),
    ]);
}

#[test]
fn hebrew() {
    assert_cases(&[
        (
            "he",
            &["שרת החינוך רונית אלמוג אמרה כי \"שנת הלימודים תיפתח בזמן\".", "לדברי אלמוג, \"אין סיבה לדאגה\"."],
            &[("שנת הלימודים תיפתח בזמן", "רונית אלמוג"), ("אין סיבה לדאגה", "רונית אלמוג")],
        ),
        (
            "he",
            &["\"לא נוותר על הקרקע הזאת\", הדגיש החקלאי אבי שגב. \"היא כל מה שיש לנו\", הוסיף."],
            &[("לא נוותר על הקרקע הזאת", "אבי שגב"), ("היא כל מה שיש לנו", "אבי שגב")],
        ),
    ]);
}

#[test]
fn germanic() {
    assert_cases(&[
        (
            "en",
            &[
                "The plan is “doomed from the start”, according to Maria Keane, a harbour pilot.",
                "“Nobody asked us,” Keane said. She added: “We would have told them.”",
            ],
            &[
                ("doomed from the start", "Maria Keane"),
                ("Nobody asked us", "Maria Keane"),
                ("We would have told them.", "Maria Keane"),
            ],
        ),
        (
            "en",
            &[
                "Prime Minister Tomas Varga told reporters the talks had been \"frank but useful\" and that he would return in May.",
                "\"We are not there yet,\" the prime minister added.",
            ],
            &[("frank but useful", "Tomas Varga"), ("We are not there yet", "Tomas Varga")],
        ),
        (
            "en",
            &[
                "\"It was dark,\" recalled Lena Ortiz, 34, who was on the ferry with her brother Paul Ortiz. \"Then somebody shouted.\"",
            ],
            &[("It was dark", "Lena Ortiz"), ("Then somebody shouted.", "Lena Ortiz")],
        ),
        ("en", &["Her new novel, \"The Salt Road\", is out in June.", "The so-called \"ghost fleet\" has grown."], &[]),
        (
            "en",
            &["A spokesman for the ministry said: “We do not comment on leaks.”"],
            &[("We do not comment on leaks.", "")],
        ),
        (
            "de",
            &[
                "Bürgermeisterin Katrin Holm nannte den Beschluss „einen schweren Fehler“. „Wir werden klagen“, kündigte Holm an.",
            ],
            &[("einen schweren Fehler", "Katrin Holm"), ("Wir werden klagen", "Katrin Holm")],
        ),
        (
            "de",
            &["„Das Eis trägt nicht mehr“, warnt der Förster Jakob Wiesner. Er habe es „hundertmal gesagt“."],
            &[("Das Eis trägt nicht mehr", "Jakob Wiesner"), ("hundertmal gesagt", "Jakob Wiesner")],
        ),
        (
            "nl",
            &["\"Het water kwam in een uur\", vertelt boerin Anneke Dijkstra. \"We hadden geen tijd\", zegt ze."],
            &[("Het water kwam in een uur", "Anneke Dijkstra"), ("We hadden geen tijd", "Anneke Dijkstra")],
        ),
        (
            "sv",
            &["”Det är inte rättvist”, säger fiskaren Nils Ekdahl. Han kallar beslutet ”ett svek”."],
            &[("Det är inte rättvist", "Nils Ekdahl"), ("ett svek", "Nils Ekdahl")],
        ),
    ]);
}

#[test]
fn romance() {
    assert_cases(&[
        (
            "fr",
            &[
                "La maire de Saint-Malo, Hélène Kervran, dénonce « une décision absurde ». « Personne ne nous a consultés », ajoute-t-elle.",
            ],
            &[("une décision absurde", "Hélène Kervran"), ("Personne ne nous a consultés", "Hélène Kervran")],
        ),
        (
            "fr",
            &["Selon le climatologue Marc Oudin, « les hivers seront plus doux »."],
            &[("les hivers seront plus doux", "Marc Oudin")],
        ),
        (
            "es",
            &[
                "El alcalde de Mérida, Julián Robles, calificó la medida de «insulto a los vecinos». «No lo vamos a permitir», dijo.",
            ],
            &[("insulto a los vecinos", "Julián Robles"), ("No lo vamos a permitir", "Julián Robles")],
        ),
        (
            "es",
            &["—Aquí no llueve desde marzo —dijo la agricultora Pilar Cano—. Y el pozo está seco."],
            &[("Aquí no llueve desde marzo", "Pilar Cano"), ("Y el pozo está seco.", "Pilar Cano")],
        ),
        (
            "it",
            &[
                "«Il ponte non è sicuro», ha detto l'ingegnere Carla Bassi. Secondo Bassi, i lavori «costeranno il doppio».",
            ],
            &[("Il ponte non è sicuro", "Carla Bassi"), ("costeranno il doppio", "Carla Bassi")],
        ),
        (
            "pt",
            &["“A chuva levou tudo”, contou o agricultor José Maria Teles. “Agora é recomeçar”, disse ele."],
            &[("A chuva levou tudo", "José Maria Teles"), ("Agora é recomeçar", "José Maria Teles")],
        ),
    ]);
}

#[test]
fn slavic_greek_and_turkish() {
    assert_cases(&[
        (
            "ru",
            &[
                "«Мы не ждали снега в мае», — сказала директор заповедника Анна Левина. По словам Левиной, птицы «вернулись на юг».",
            ],
            &[("Мы не ждали снега в мае", "Анна Левина"), ("вернулись на юг", "Анна Левина")],
        ),
        (
            "ru",
            &["Губернатор Олег Сомов заявил, что дорога «будет открыта к осени». Он назвал задержку «досадной»."],
            &[("будет открыта к осени", "Олег Сомов"), ("досадной", "Олег Сомов")],
        ),
        (
            "uk",
            &[
                "«Ми чекали на це десять років», — розповіла вчителька Оксана Гайдук. «Тепер діти мають школу», — додала вона.",
            ],
            &[("Ми чекали на це десять років", "Оксана Гайдук"), ("Тепер діти мають школу", "Оксана Гайдук")],
        ),
        (
            "pl",
            &["„Nie było wyjścia” – powiedział burmistrz Adam Zielny. Jego zdaniem most „i tak by runął”."],
            &[("Nie było wyjścia", "Adam Zielny"), ("i tak by runął", "Adam Zielny")],
        ),
        (
            "el",
            &["«Το νερό δεν φτάνει», δήλωσε ο δήμαρχος Νίκος Αλεξίου. «Θα κλείσουμε τις πισίνες», πρόσθεσε."],
            &[("Το νερό δεν φτάνει", "Νίκος Αλεξίου"), ("Θα κλείσουμε τις πισίνες", "Νίκος Αλεξίου")],
        ),
        (
            "tr",
            &[
                "Belediye Başkanı Selim Aksoy, \"Köprü yazın açılacak\" dedi. Aksoy, \"Gecikme için özür dileriz\" diye konuştu.",
            ],
            &[("Köprü yazın açılacak", "Selim Aksoy"), ("Gecikme için özür dileriz", "Selim Aksoy")],
        ),
        (
            "id",
            &[
                "\"Airnya naik cepat sekali,\" kata nelayan Budi Santoso. Ia menambahkan, \"Kami kehilangan tiga perahu.\"",
            ],
            &[("Airnya naik cepat sekali", "Budi Santoso"), ("Kami kehilangan tiga perahu.", "Budi Santoso")],
        ),
    ]);
}

#[test]
fn east_asian() {
    assert_cases(&[
        (
            "zh",
            &["市长王丽华指出：“新线路明年通车，票价不变。”她强调，“不会影响老街”。"],
            &[("新线路明年通车，票价不变。", "王丽华"), ("不会影响老街", "王丽华")],
        ),
        ("zh", &["「雨下得太大了，路都看不見」，司機林志明回憶。"], &[("雨下得太大了，路都看不見", "林志明")]),
        (
            "ja",
            &["店主の田中一郎さんは「雪の日でも店を開けるのが約束です」と話した。"],
            &[("雪の日でも店を開けるのが約束です", "田中一郎")],
        ),
        (
            "ko",
            &["김민수 시장은 \"다리는 내년 봄에 다시 열린다\"고 말했다."],
            &[("다리는 내년 봄에 다시 열린다", "김민수")],
        ),
    ]);
}

#[test]
fn names_that_look_like_particles_and_surnames_before_an_object() {
    assert_cases(&[
        (
            "ar",
            &[
                "قال المدير سمير العطار للصحافيين \"سنفتح الطريق قبل نهاية الشهر\".",
                "ووصف العطار الخطة بأنها \"حل معقول\" وطلب وقتا.",
            ],
            &[("سنفتح الطريق قبل نهاية الشهر", "سمير العطار"), ("حل معقول", "سمير العطار")],
        ),
        (
            "he",
            &["\"נפתח את הכביש לפני סוף החודש\", מסר שר הביטחון ברק לביא.", "לביא הוסיף: \"אין סיבה לחכות עוד\"."],
            &[("נפתח את הכביש לפני סוף החודש", "ברק לביא"), ("אין סיבה לחכות עוד", "ברק לביא")],
        ),
        (
            "he",
            &["\"נפתח את הכביש לפני סוף החודש\", מסר מנהל הנמל איתן לביא.", "לביא הוסיף: \"אין סיבה לחכות עוד\"."],
            &[("נפתח את הכביש לפני סוף החודש", "איתן לביא"), ("אין סיבה לחכות עוד", "איתן לביא")],
        ),
    ]);
}

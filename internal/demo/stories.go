package demo

// opening is how many of the stories are out when the site begins.
const opening = 3

// stories in the order of publication.
var stories = []story{
	{slug: "who-pays-local-tv", versions: map[string]version{
		"uk": {"Власність", "Хто платить за місцеве телебачення", "Ми прочитали договори одинадцяти обласних студій. У семи з них головний рекламодавець — міська рада, про яку студія мала б розповідати.", []string{
			"Договір на «висвітлення діяльності» зазвичай короткий: кількість сюжетів, хвилини ефіру, ціна. Позначки для глядача, що сюжет оплачено, у семи договорах немає зовсім, а у двох вона дозволена, але не обов’язкова.",
			"Редакції пояснюють це просто: без цих грошей студія не доживе до літа. Це правда, і саме тому глядач має право знати, хто тримає студію на плаву, перш ніж повірити сюжету про новий тротуар.",
			"Усі договори ми виклали поряд із текстом. Якщо ваша рада теж купує ефір, надішліть нам посилання на закупівлю: перевіримо й додамо до таблиці.",
		}},
		"en": {"Ownership", "Who pays for local television", "We read the contracts of eleven regional studios. In seven of them the biggest advertiser is the city council the studio is meant to report on.", []string{
			"A contract for “coverage of activities” is usually short: so many reports, so many minutes, a price. Seven of the contracts do not ask for any label that would tell the viewer the report was paid for; two allow one without requiring it.",
			"Newsrooms give a plain reason: without this money the studio would not last until summer. That is true, and it is exactly why viewers should know who keeps the lights on before they believe a report about a new pavement.",
			"All the contracts are published beside this text. If your council buys airtime too, send us a link to the tender: we will check it and add it to the table.",
		}},
	}},
	{slug: "old-photo-new-flood", versions: map[string]version{
		"uk": {"Перевірка", "Стара світлина, нова повінь: як одна картинка обійшла сорок сайтів", "Фото затопленої площі справжнє. От тільки зроблене воно дванадцять років тому і в іншому місті.", []string{
			"Першим світлину поставив регіональний канал у месенджері о 7:40. До обіду її передрукували сорок сайтів, і лише два з них спробували знайти автора.",
			"Пошук за зображенням дає відповідь за хвилину: той самий кадр лежить в архіві агенції з точною датою. На другому плані видно вивіску крамниці, якої в нашому місті ніколи не було.",
			"Виправлення опублікували одинадцять редакцій. Решта тихо замінила фото або залишила його на місці. Повний список — у таблиці під текстом, ми оновлюємо його щодня.",
		}},
		"en": {"Fact-check", "An old photo, a new flood: how one picture crossed forty sites", "The photograph of the flooded square is real. It was also taken twelve years ago, in another city.", []string{
			"A regional messenger channel posted the picture first, at 7.40 in the morning. By noon forty sites had reprinted it, and two of them had tried to find out who took it.",
			"A reverse image search answers within a minute: the same frame lies in an agency’s archive with its exact date. In the background there is a shop sign that has never hung in our city.",
			"Eleven newsrooms published a correction. The others quietly swapped the picture or left it where it was. The full list is in the table below, and we update it daily.",
		}},
	}},
	{slug: "headline-says-experts", versions: map[string]version{
		"uk": {"Стандарти", "«Експерти вважають»: хто стоїть за безіменними джерелами", "За місяць ми нарахували 312 посилань на експертів без імені. У п’яти випадках редакція змогла сказати нам, хто це був.", []string{
			"Безіменне джерело — нормальний інструмент, коли людині загрожує небезпека. Проте в нашій вибірці здебільшого йшлося про ціни на каву, погоду та курс валют.",
			"Ми написали кожній редакції й попросили назвати джерело нам, не для друку. Відповіли тридцять дві, назвали п’ять, ще дев’ять визнали, що «експертом» був інший сайт.",
			"Правило, яке ми радимо: якщо ім’я не можна назвати, поясніть чому. Одного речення досить.",
		}},
		"en": {"Standards", "“Experts say”: who stands behind unnamed sources", "In one month we counted 312 references to experts without a name. In five cases the newsroom could tell us who it had been.", []string{
			"An unnamed source is a proper tool when somebody would be in danger. Most of our sample, though, was about the price of coffee, the weather and exchange rates.",
			"We wrote to each newsroom and asked who the source was, not for print. Thirty-two answered, five named one, and nine more admitted that the “expert” was another website.",
			"The rule we suggest: if a name cannot be given, say why. One sentence is enough.",
		}},
	}},
	{slug: "advertising-in-disguise", versions: map[string]version{
		"uk": {"Реклама", "Реклама в одязі новини: рік спостережень", "Кожен шостий матеріал у розділах «Новини» двадцяти великих сайтів мав ознаки оплаченого. Позначений був один із тридцяти.", []string{
			"Ми читали двадцять сайтів щодня протягом року й записували ознаки: єдине джерело, відсутність другої думки, номер телефону наприкінці, однаковий текст на кількох сайтах того самого дня.",
			"Найбільше такого в розділах про здоров’я та забудову. Найменше — там, де редакція має окрему людину, яка відповідає за маркування.",
			"Методику, таблицю й відповіді редакцій опубліковано повністю. Дві редакції вже змінили правила, і ми перевіримо їх за пів року.",
		}},
		"en": {"Advertising", "Advertising dressed as news: a year of watching", "One in six items in the news sections of twenty large sites had the marks of being paid for. One in thirty of those said so.", []string{
			"We read twenty sites every day for a year and noted the marks: a single source, no second opinion, a telephone number at the end, the same text on several sites on the same day.",
			"Health and property sections had the most of it. It was rarest where one person in the newsroom is answerable for labelling.",
			"The method, the table and the newsrooms’ answers are published in full. Two newsrooms have already changed their rules, and we will look again in six months.",
		}},
	}},
	{slug: "corrections-page", versions: map[string]version{
		"uk": {"Стандарти", "Де редакції ховають виправлення", "Сторінка виправлень є в чотирьох редакцій із двадцяти п’яти. До жодної не веде посилання з головної.", []string{
			"Ми попросили двадцять п’ять редакцій показати, де читач дізнається про помилку. Більшість виправляє сам текст, не лишаючи сліду.",
			"Найкращий приклад — невелика обласна газета: дата, що саме було не так, як правильно, і вибачення на одне речення. Так можна зробити за десять хвилин.",
		}},
		"en": {"Standards", "Where newsrooms hide their corrections", "Four newsrooms of twenty-five have a corrections page. None of them links to it from the front page.", []string{
			"We asked twenty-five newsrooms to show where a reader would learn of a mistake. Most change the text itself and leave no trace.",
			"The best example is a small regional paper: the date, what was wrong, what is right, and an apology of one sentence. It takes ten minutes to do.",
		}},
	}},
	{slug: "regulator-missed-deadline", versions: map[string]version{
		"uk": {"Регулятор", "Регулятор пропустив власний строк утретє", "Звіт про політичну рекламу мав вийти до першого числа. Ми порахували, скільки запитів знадобилося, щоб його побачити.", []string{
			"Закон дає регуляторові тридцять днів. Торік звіт вийшов на сорок перший, цього року — на п’ятдесят шостий, після четвертого запиту.",
			"У звіті бракує двох областей. Нам відповіли, що дані «уточнюються»; ми опублікували те, що зібрали самі, разом із формулами.",
		}},
		"en": {"Regulator", "The regulator misses its own deadline for the third time", "The report on political advertising was due on the first of the month. We counted how many requests it took to see it.", []string{
			"The law gives the regulator thirty days. Last year the report came on the forty-first, this year on the fifty-sixth, after the fourth request.",
			"Two regions are missing. The data are “being clarified”, we were told; we have published what we collected ourselves, formulas included.",
		}},
	}},
	{slug: "reader-questions", versions: map[string]version{
		"uk": {"Читачі", "Ви питали: як ми вирішуємо, що перевіряти", "Щотижня надходить близько двохсот листів. Розповідаємо, чому одні стають розслідуванням, а інші — короткою відповіддю.", []string{
			"Спершу дивимося, чи можна твердження перевірити взагалі. Прогноз, жарт або думка перевірці не підлягають, хоч би як їх поширювали.",
			"Далі — скільки людей це побачило і що станеться, якщо вони повірять. Порада лікувати дитину содою йде вперед будь-якої політичної суперечки.",
		}},
		"en": {"Readers", "You asked: how we decide what to check", "About two hundred letters arrive each week. Here is why some become an investigation and others a short answer.", []string{
			"First we look at whether a claim can be checked at all. A forecast, a joke or an opinion cannot, however widely it is shared.",
			"Then at how many people have seen it, and what happens if they believe it. Advice to treat a child with baking soda goes ahead of any political quarrel.",
		}},
	}},
}

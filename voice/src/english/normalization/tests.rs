use super::*;

fn check(written: &str, expected: &str) {
    let said = spoken(written);
    let said: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(said.join(" "), expected, "{written}");
}

#[test]
fn dates_and_times_become_words() {
    check("It is 3:05 pm.", "It is three oh five P.M");
    check("At 9:00 we left", "At nine o'clock we left");
    check("at 5 p.m. sharp", "at five P.M sharp");
    check("5 amazing cats", "five amazing cats");
    check("at 10:30 among friends", "at ten thirty among friends");
    check("9am-5pm", "nine A.M to five P.M");
    check("3-5 pm", "three to five P.M");
    check("at 5.30pm", "at five thirty P.M");
    check("9:00-17:30 daily", "nine o'clock to seventeen thirty daily");
    check("1:02:03", "one oh two and three seconds");
    check("on 2024-03-05", "on March fifth, twenty twenty four");
    check("2024/3/5", "March fifth, twenty twenty four");
    check(
        "2024-03-05T14:30:00Z",
        "March fifth, twenty twenty four, fourteen thirty UTC",
    );
    check(
        "on 12/25/1999,",
        "on December twenty fifth, nineteen ninety nine,",
    );
    check("25/12/1999", "December twenty fifth, nineteen ninety nine");
    check("3/5/24", "March fifth, twenty twenty four");
    check("05.03.2024", "March fifth, twenty twenty four");
    check("Mar. 3", "March third");
    check("the 4th of July", "the fourth of July");
    check("4 July 1776", "the fourth of July seventeen seventy six");
    check("30 Augustinians", "thirty Augustinians");
    check("May 5-7", "May fifth to seventh");
    check("5-7 May", "the fifth to the seventh of May");
    check("May 2024", "May twenty twenty four");
    check("Sept. 2024", "September twenty twenty four");
    check("the 1980s", "the nineteen eighties");
    check("the 1920's", "the nineteen twenties");
    check("the mid-90s", "the mid nineties");
    check("2020-2024", "twenty twenty to twenty twenty four");
}

#[test]
fn money_becomes_words() {
    check("$3.50", "three dollars and fifty cents");
    check("$3.5", "three point five dollars");
    check("$5.00", "five dollars");
    check(
        "$1,250.50",
        "one thousand two hundred fifty dollars and fifty cents",
    );
    check("$1.5 million", "one point five million dollars");
    check("$20k", "twenty thousand dollars");
    check("$5-10 million", "five to ten million dollars");
    check("$5-$10", "five to ten dollars");
    check("-$5", "minus five dollars");
    check("£1", "one pound");
    check("1 €", "one euro");
    check("20 EUR", "twenty euros");
    check("USD 5", "five dollars");
    check("$0.05", "five cents");
    check(
        "It costs $5, then $6.",
        "It costs five dollars, then six dollars.",
    );
    check("$5/month", "five dollars per month");
}

#[test]
fn measures_become_words() {
    check("12.5%", "twelve point five percent");
    check("5%-10%", "five percent to ten percent");
    check("5 km", "five kilometers");
    check(".5 km", "zero point five kilometers");
    check("1 kg", "one kilogram");
    check("90 km/h", "ninety kilometers per hour");
    check("10 m/s²", "ten meters per second squared");
    check("5 m²", "five square meters");
    check("-5°C", "minus five degrees Celsius");
    check("5-10 km", "five to ten kilometers");
    check("90° left", "ninety degrees left");
    check("16GB", "sixteen gigabytes");
    check("100 Mbps", "one hundred megabits per second");
    check("5'10\" tall", "five feet ten inches tall");
    check("3 cats", "three cats");
    check("3x faster", "three times faster");
    check("2x4 m", "two by four meters");
    check("a 7B model", "a seven billion model");
    check("B2B", "B two B");
}

#[test]
fn numbers_and_places_become_words() {
    check("the 21st", "the twenty first");
    check("the 2ND", "the second");
    check("1/2 and 3/4", "one half and three quarters");
    check("8/10", "eight out of ten");
    check("1 1/2 cups", "one and one half cups");
    check("1½ cups", "one and one half cups");
    check("10-20", "ten to twenty");
    check("500-1000 people", "five hundred to one thousand people");
    check("16:9", "sixteen to nine");
    check("5 -3", "five minus three");
    check("5 - 3 = 2", "five minus three equals two");
    check("2 × 3 = 6", "two times three equals six");
    check("10^-3", "ten to the power of minus three");
    check("x = -3", "x equals minus three");
    check("x >= 3", "x greater than or equal to three");
    check(
        "call 555-123-4567",
        "call five five five, one two three, four five six seven",
    );
    check(
        "(555) 123-4567",
        "five five five, one two three, four five six seven",
    );
    check(
        "+44 20 7946 0958",
        "plus four four, two zero, seven nine four six, zero nine five eight",
    );
    check("call 555-0199", "call five five five, zero one nine nine");
    check("v1.2.3", "one point two point three");
    check(
        "1,234,567",
        "one million two hundred thirty four thousand five hundred sixty seven",
    );
    check("２０ cats", "twenty cats");
    check("COVID-19", "COVID- nineteen");
}

#[test]
fn roman_numerals_become_words() {
    check("Henry VIII", "Henry the eighth");
    check("Charles V", "Charles the fifth");
    check("World War II", "World War two");
    check("Chapter IV", "Chapter four");
    check("Rocky IV", "Rocky four");
    for unchanged in [
        "Type C",
        "Malcolm X",
        "Rocky IIX",
        "Elizabeth I am",
        "An IV",
    ] {
        check(unchanged, unchanged);
    }
}

#[test]
fn abbreviations_and_addresses_become_words() {
    check(
        "Dr. Smith vs. Mr. Jones",
        "Doctor Smith versus Mister Jones",
    );
    check("Mr Smith", "Mister Smith");
    check("e.g. this", "for example this");
    check("the U.S. army", "the U.S army");
    check(
        "12 Main St., Springfield",
        "twelve Main Street, Springfield",
    );
    check("in St. Paul", "in Saint Paul");
    check("p. 5", "page five");
    check("No. 7", "number seven");
    check("and/or", "and slash or");
    check("day/night", "day slash night");
    check("a@b.org", "a at b dot org");
    check(
        "see https://example.com/a-b.",
        "see example dot com slash a dash b.",
    );
    check("<https://example.com/>", "example dot com");
    check("in main.rs.", "in main dot rs.");
    check("AT&T", "AT and T");
    check("C# and C++", "C sharp and C plus plus");
    check("a -> b", "a to b");
    check("one - two", "one — two");
    check("x² + π", "x squared plus pi");
    check("10^6", "ten to the power of six");
    check("I read it.", "I read it.");
}

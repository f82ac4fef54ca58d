//! How a program that answers a message is written.

use super::Lesson;

/// A program that works out what a message asks for and prints it, after worked examples
/// (program-aided language models, Gao et al. 2023, arXiv 2211.10435).
pub static PROGRAM: Lesson = Lesson {
    task: "Write a Python program that works out the answer to the message and prints it. Give each quantity of the message a variable with a comment, one step a line. Print the answer alone.",
    examples: &[
        (
            "A kennel feeds each of its 14 dogs 3 scoops of food twice a day. How many scoops does it need for a week?",
            "```python\n\
             dogs = 14\n\
             scoops_a_meal = 3\n\
             meals_a_day = 2\n\
             days = 7  # a week\n\
             # scoops of all dogs in a day\n\
             scoops_a_day = dogs * scoops_a_meal * meals_a_day\n\
             scoops = scoops_a_day * days\n\
             print(scoops)\n\
             ```",
        ),
        (
            "Tilda has 9 fewer shells than Jonas. Jonas has three times as many shells as Pia, who has 12. How many shells do the three have together?",
            "```python\n\
             pia = 12\n\
             jonas = 3 * pia  # three times as many as Pia\n\
             tilda = jonas - 9  # 9 fewer than Jonas\n\
             together = pia + jonas + tilda\n\
             print(together)\n\
             ```",
        ),
        (
            "A jacket costs $80 after 20% were taken off. A customer with a coupon pays another 10% less than that. How many dollars does the coupon save compared with the price before any reduction?",
            "```python\n\
             reduced = 80  # the price after 20% were taken off\n\
             before = reduced / (1 - 0.20)  # so 80 is 80% of the price before\n\
             paid = reduced * (1 - 0.10)  # with the coupon\n\
             saved = before - paid\n\
             print(saved)\n\
             ```",
        ),
        (
            "A hiking club of 50 hires vans with 12 seats, of which the driver takes one, for $70 each. What do the vans cost?",
            "```python\n\
             import math\n\
             people = 50\n\
             seats = 12 - 1  # the driver takes one\n\
             # a van that is not full has to be hired as a whole\n\
             vans = math.ceil(people / seats)\n\
             cost = vans * 70\n\
             print(cost)\n\
             ```",
        ),
        (
            "把这些数从大到小排列：31，7，56，18，44",
            "```python\n\
             numbers = [31, 7, 56, 18, 44]\n\
             # 从大到小\n\
             numbers.sort(reverse=True)\n\
             print(numbers)\n\
             ```",
        ),
        (
            "A baker had some flour. He used half of it for bread and then 2 kg for cakes, and 5 kg were left. How many kg did he have at first?",
            "```python\n\
             left = 5\n\
             cakes = 2\n\
             # before the cakes there was what is left and what the cakes took\n\
             before_cakes = left + cakes\n\
             # half was used for bread, so that is the other half\n\
             at_first = before_cakes * 2\n\
             print(at_first)\n\
             ```",
        ),
        (
            "Marek reads 45 pages an hour. He reads for 40 minutes each evening. How many evenings does a book of 360 pages take him?",
            "```python\n\
             pages_an_hour = 45\n\
             hours_an_evening = 40 / 60  # 40 minutes\n\
             pages_an_evening = pages_an_hour * hours_an_evening\n\
             pages = 360\n\
             evenings = pages / pages_an_evening\n\
             print(evenings)\n\
             ```",
        ),
        (
            "Which date is 45 days after 20 November 2023?",
            "```python\n\
             from datetime import date, timedelta\n\
             start = date(2023, 11, 20)\n\
             later = start + timedelta(days=45)\n\
             print(later)\n\
             ```",
        ),
        (
            "Ilse is 6 years older than Tom. 4 years from now her age is double his. How old is Tom now?",
            "```python\n\
             older = 6  # Ilse is 6 years older than Tom\n\
             later = 4  # years from now\n\
             # then Ilse's age is double Tom's\n\
             tom = next(tom for tom in range(100) if tom + older + later == 2 * (tom + later))\n\
             print(tom)\n\
             ```",
        ),
        (
            "果园里有苹果树240棵，梨树是苹果树的四分之三，桃树比梨树少30棵。三种树一共多少棵？",
            "```python\n\
             apple = 240  # 苹果树\n\
             pear = apple * 3 // 4  # 梨树是苹果树的四分之三\n\
             peach = pear - 30  # 桃树比梨树少30棵\n\
             total = apple + pear + peach\n\
             print(total)\n\
             ```",
        ),
        (
            "A club of 60 people is to get shirts. 25% already have one. Of the others, a third want a large shirt at $12 and the rest a small one at $9. What do the shirts cost?",
            "```python\n\
             people = 60\n\
             have_one = people * 0.25\n\
             others = people - have_one\n\
             large = others / 3  # a third of the others\n\
             small = others - large  # the rest\n\
             cost = large * 12 + small * 9\n\
             print(cost)\n\
             ```",
        ),
        (
            "The pool opens at 9:40 and closes at 18:05. For how many minutes is it open?",
            "```python\n\
             opens = 9 * 60 + 40  # 9:40 in minutes\n\
             closes = 18 * 60 + 5  # 18:05 in minutes\n\
             minutes = closes - opens\n\
             print(minutes)\n\
             ```",
        ),
        (
            "How often does the letter e stand in 'the referee never sleeps'?",
            "```python\n\
             text = \"the referee never sleeps\"\n\
             print(text.count(\"e\"))\n\
             ```",
        ),
        (
            "Every month Vera saves $150 and her brother saves $20 less. After 8 months they spend $1,400 of what they saved together. How much do they have left?",
            "```python\n\
             vera = 150  # a month\n\
             brother = vera - 20  # $20 less\n\
             months = 8\n\
             saved = (vera + brother) * months\n\
             spent = 1400\n\
             left = saved - spent\n\
             print(left)\n\
             ```",
        ),
        (
            "Two towns are 210 km apart. A bus leaves at 9:00 at 60 km/h, and 30 minutes later a car leaves the same place at 90 km/h. How many km behind the car is the bus at 11:00?",
            "```python\n\
             bus_speed = 60\n\
             car_speed = 90\n\
             bus_hours = 2  # from 9:00 to 11:00\n\
             car_hours = bus_hours - 0.5  # it leaves 30 minutes later\n\
             bus_at = bus_speed * bus_hours\n\
             car_at = car_speed * car_hours\n\
             behind = car_at - bus_at\n\
             print(behind)\n\
             ```",
        ),
    ],
    // Whatever is written is the answer.
    labels: &[],
};

use super::*;

fn check(written: &str, expected: &str) {
    assert_eq!(spoken(written), expected, "{written}");
}

#[test]
fn dates_and_times_become_words() {
    check("2024年3月5日", "２０２４年三月五日");
    check("在2024-03-05", "在２０２４年三月五日");
    check("2024.3.5", "２０２４年三月五日");
    check("2024-03-05T14:30:00Z", "２０２４年三月五日 十四点三十分零秒");
    check("2024-03发布", "２０２４年三月发布");
    check("1990-1995年", "１９９０到１９９５年");
    check("２０２４年", "２０２４年");
    check("5月1日-7日", "五月一日到七日");
    check("下午3:05开会", "下午三点零五分开会");
    check("2:30", "两点半");
    check("2点开会", "两点开会");
    check("8:00-17:30营业", "八点整到十七点半营业");
    check("90年代", "九十年代");
}

#[test]
fn money_and_measures_become_words() {
    check("花了¥250", "花了二百五十元");
    check("¥5-10", "五到十元");
    check("$2万", "两万美元");
    check("20 USD", "二十美元");
    check("亏了 -¥5", "亏了 负五元");
    check("¥5,便宜", "五元,便宜");
    check("12,345元", "一万二千三百四十五元");
    check("10000000元", "一千万元");
    check("涨了12.5%", "涨了百分之十二点５");
    check("5%-10%", "百分之五到百分之十");
    check("降了-5%", "降了百分之负五");
    check("5km", "五公里");
    check("2kg", "两公斤");
    check("30m³", "三十立方米");
    check("气温-5℃", "气温零下五摄氏度");
    check("5℃~10℃", "五摄氏度到十摄氏度");
    check("3元/斤", "三元每斤");
    check("和/或", "和、或");
    check("有~5人", "有约五人");
}

#[test]
fn numbers_become_words() {
    check("共2个人", "共两个人");
    check("共 2 个人", "共 两个人");
    check("12个月", "十二个月");
    check("1.2个百分点", "一点２个百分点");
    check("3.2倍", "三点２倍");
    check("2年级", "二年级");
    check("2年", "两年");
    check("2月2日", "二月二日");
    check("2000人", "两千人");
    check("10-20人", "十到二十人");
    check("第2名", "第二名");
    check("第2000名", "第二千名");
    check("比分3:2", "比分三比二");
    check("1/3的人", "三分之一的人");
    check("2分之1", "二分之一");
    check("共１２人", "共十二人");
    check("x = -3", "x等于负三");
    check("3>2", "三大于二");
}

#[test]
fn names_of_digits_are_read_one_by_one() {
    check("电话13800138000", "电话幺３８００幺３８０００");
    check("拨010-12345678", "拨０幺０幺２３４５６７８");
    check("拨400-800-1234", "拨４００８００幺２３４");
    check("编号20240305", "编号２０２４０３０５");
    check("版本1.2.3", "版本一点二点三");
    check("写信到a1@b.org", "写信到a１ at b点org");
    check("见https://example.com/a-1。", "见example点com斜杠a杠１。");
}

-- Masked words: a citizen's words with telephone numbers, identity numbers, e-mail addresses, accounts and number plates
-- taken out. They are stored beside the words themselves (05_reports.sql), so that a role may read one and not the other.
--
-- masked() reads words in three steps. The generated columns call it, and so may a writer:
--
--   1. A quick look, may_identify(). Without an at sign, digits or number words close together, a plate's form or a word
--      such as "zalo" or "a còng" there is nothing to mask. Most words end here.
--   2. The normal form, normal_parts(): NFKC, without invisible characters (zero-width, bidi marks, soft hyphens), with
--      digits of any script and look-alike letters (Cyrillic а) as Latin ones. Each part of it belongs to one part of the
--      words, so that a find is masked there and the rest stays as it was written, byte for byte.
--   3. The rules, mask_rules(), in order. Each marks what it finds as a secret; or as harmless (dates, money, codes), which
--      the later rules leave alone; or reads letters and number words as digits ("O9l2", "không chín"). In doubt a number
--      is a secret. The rules run again until they find no more.
--
-- Private characters mark the normal form: \uE000 a secret, \uE001 masked before, \uE002 harmless, \uE003 the rest of a
-- number word after its digit. The patterns are written with names, which the block below replaces: <A> stands for the
-- characters of words, <O> for those that need no normal form, <S> for whatever stands between digits, <s> for what
-- usually does. No pattern depends on the locale or refers back to what it matched, so that the time taken grows with the
-- length of the words.
do $definition$
declare
    named constant text[][] := array[
        ['<date>', '(?:(?:0?[1-9]|[12][0-9]|3[01])(?: ?/ ?(?:0?[1-9]|1[0-2]) ?/ ?|-(?:0?[1-9]|1[0-2])-|\.(?:0?[1-9]|1[0-2])\.)'
            || '(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}(?:-[01][0-9]-|/[01][0-9]/)[0-3][0-9])'],
        ['<day>', '(?:0?[1-9]|[12][0-9]|3[01])/(?:0?[1-9]|1[0-2])'],
        ['<degrees>', '-?(?:[1-9][0-9]?|1[0-7][0-9]|180)\.[0-9]{4,15}'],
        ['<dong>', '(?:[đĐ₫]|đồng|Đồng|ĐỒNG|vnđ|vnd|VNĐ|VND|triệu|tỷ|tỉ|nghìn|ngàn|usd|USD)'],
        ['<dot>', '(?: ?[[({] ?(?:dot|ch[aấẤ]m|\.) ?[])}] ?| (?:ch[aấẤ]m|dot|g[aạẠ]ch(?: (?:d[uươướƯỚ]+i|ngang))?) )'],
        ['<at>', '(?: ?@ ?| ?[[({<] ?(?:at|a|@|a c[oòÒ]ng) ?[])}>] ?| (?:a ?-?c[oòÒ]ng|a ?v[oòÒ]ng|a m[oóÓọ]c|at) )'],
        ['<domain>', '(?:com|vn|net|org|edu|gov|info|io|asia|me|co)(?![<A>])'],
        ['<provider>', '(?:gmail|yahoo|ymail|hotmail|outlook|icloud|protonmail|zoho)(?![<A>])'],
        ['<page>', '(?:zalo|face ?book|fb|viber|telegram|tiktok|skype|wechat|instagram|insta|messenger)'],
        ['<bank>', '(?:vietcombank|vcb|techcombank|tcb|vietinbank|agribank|bidv|mb ?bank|vpbank|acb|tpbank|sacombank|vib'
            || '|shb|hdbank|msb|ocb|seabank|scb|momo|zalopay|vnpay|viettelpay)'],
        ['<word>', '(?:kh[oôÔ]ng|m[oộỘốỐ]t|hai|ba|b[oốỐ]n|t[uưƯ]|n[aăĂ]m|l[aăĂ]m|nh[aăĂ]m|s[aáÁ]u|b[aảẢẩẨ]y|t[aáÁ]m|ch[iíÍ]n'
            || '|(?<![<A>])[oil](?![<A>])|zero|one|two|three|four|five|six|seven|eight|nine)'],
        ['<between>', '(?:m[uươƯƠờỜ]+i|linh|l[eẻẺ]|tr[aăĂ]m|ch[aấẤ]m|ph[aẩẨ]y|g[aạẠ]ch(?: ngang)?|s[oốỐ]|r[oồỒ]i|dot|dash)'],
        ['<S>', '[^<A>\uE000-\uE002]'],
        ['<s>', '[\s\u00A0.()–—\uE003-]'],
        ['<O>', '\u0001-\u007F\u00A0-\u00A9\u00AB\u00AC\u00AE-\u00B1\u00B4-\u00B8\u00BB\u00BF-\u024F\u1E00-\u1EFF\u2000-\u200A'
            || '\u2010-\u2027\u202F-\u203A\u20AB\uE000-\uE003'],
        ['<M>', '\u0300-\u036F\u0483-\u0489\u20D0-\u20FF\uFE00-\uFE0F'],
        ['<U>', '\u00AD\u034F\u0600-\u0605\u061C\u06DD\u070F\u115F\u1160\u17B4\u17B5\u180B-\u180E\u200B-\u200F\u202A-\u202E'
            || '\u2060-\u206F\u2800\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\U000E0000-\U000E0FFF'],
        ['<L>', 'A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u1E00-\u1EFF'],
        ['<A>', '0-9A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u1E00-\u1EFF']];
    bodies text[] := array[$may_identify$
create function may_identify(words text) returns boolean language sql immutable parallel safe
return
    -- An address. Number words: nine of them are longer than 25 bytes.
    words collate "C" ~* ('@|zalo|face ?book|fb|viber|telegram|tiktok|skype|wechat|insta[ g:=]|messenger|mail|yahoo|outlook|icloud'
        || '|zoho|[[({<] ?(?:at|a|a c[oòÒ]ng) ?[])}>]|a ?-?(?:c[oòÒ]ng|v[oòÒ]ng|m[oóÓọ]c) ')
    or octet_length(words) > 25 and words collate "C" ~* '<word>[^<A>]*<word>[^<A>]*<word>'
    or words collate "C" ~ '[0-9]' and (
        -- Nine digits close together; a plate, a passport.
        words collate "C" ~ ('(?:[0-9OoØIil|][^<A>]*){9}|[0-9][0-9O][^<A>]{0,3}[A-Za-zđĐ]{1,2}[0-9]?[^<A>]{0,3}[0-9OoIl]{3}'
            || '|[A-Z][ -]?[0-9]{7}|[0-9]{3}-?(?:NG|NN|QT|CV)')
        -- Digits with a number word between, or many after one.
        or words collate "C" ~* '[0-9][^<A>]*(?:<word>|<between>)[^<A>]*(?:[0-9]|<word>)'
        or words collate "C" ~ '(?:[0-9][^<A>]*){7}' and words collate "C" ~* '<word>[^<A>]*[0-9]'
        -- Six digits beside a word that tells what they are.
        or words collate "C" ~ '(?:[0-9OoIl][^<A>]*){6}' and words collate "C" ~* ('stk|tk|kho[aảẢ]n|account|ng[aâÂ]n h[aàÀ]ng|[đĐd]t'
            || '|tho[aạẠ]i|phone|tel|mobile|[đĐd][oộỘ]ng|b[aàÀ]n|viber|whatsapp|alo|li[eêÊ]n|g[oọỌ]i|hotline|call|cccd|cm|c[aăĂ]n c'
            || '|minh|chi[eếẾ]u|passport|bks|bi[eểể]n|xe|<bank>'))
$may_identify$, $latin$
create function as_latin(words text) returns text language sql immutable parallel safe
return translate(
    regexp_replace(normalize(regexp_replace(words, '[<U>]', '', 'g'), NFKC), '[<M>]', '', 'g'),
    '⓿❶❷❸❹❺❻❼❽❾➀➁➂➃➄➅➆➇➈➊➋➌➍➎➏➐➑➒⓵⓶⓷⓸⓹⓺⓻⓼⓽〇零一二三四五六七八九○◯⭕∣│。'
        || 'аАвВеЕкКмМнНоОрРсСтТуУхХіІјЈѕЅԁһΑΒΕΖΗΙΚΜΝΟΡΤΥΧαοορνιτυχκεօɡ',
    '0123456789123456789123456789123456789001234567890' || '00||.'
        || 'aABBeEkKmMHHoOpPcCtTyYxXiIjJsSdhABEZHIKMNOPTYXaoopvituxkeog')  -- pragma: allowlist secret
$latin$, $normal_parts$
create function normal_parts(words text) returns table (n bigint, part text, form text)
language plpgsql immutable parallel safe
as $$
begin
    return query
    select cut.n, cut.cluster[1], case when cut.cluster[1] collate "C" !~ '[^<O>]' then cut.cluster[1] else (
        select coalesce(string_agg(case
            when c collate "C" !~ '[^<O>]' then c
            -- Ten digits of a script follow its nought.
            else coalesce((select chr(48 + ascii(c) - nought) from unnest(array[1632, 1776, 1984, 2406, 2534, 2662, 2790, 2918,
                3046, 3174, 3302, 3430, 3558, 3664, 3792, 3872, 4160, 4240, 6112, 6160, 6470, 6608, 6784, 6800, 6992, 7088,
                7232, 7248, 42528, 43216, 43264, 43472, 43504, 43600, 44016, 66720, 68912, 69734, 69872, 69942, 70096,
                70384, 70736, 70864, 71248, 71360, 71472, 71904, 72016, 72784, 73040, 73120, 92768, 92864, 93008, 123200,
                123632, 125264]) as nought where ascii(c) between nought and nought + 9), '·')
            end, '' order by place), '')
        from unnest(string_to_array(as_latin(cut.cluster[1]), null)) with ordinality as letter (c, place)) end
    from regexp_matches(words, '[^<M><U>][<M><U>]*|[<M><U>]+', 'g') with ordinality as cut (cluster, n);
end
$$
$normal_parts$, $mask_rules$
-- What a rule does with what it finds (secret, harmless, or what as_ruled() tells), whether capitals count (c) or not (i),
-- and its pattern. A pattern of two groups leaves the first as it is.
create function mask_rules() returns text[] language sql immutable parallel safe
return array[
    -- E-mail addresses, also in words; a person's page; a number before the name of a bank.
    ['secret', 'i', '(?:(?<![<A>])[<A>] )*[<A>·._%+''-]+(?:<dot>[<A>·._%+-]+)*(?: ?@ ?[<A>-]+(?:\.[<A>-]+)+'
        || '|<at>(?:[<A>-]+(?:(?:\.|<dot>)[<A>-]+)*(?: ?[.,] ?|<dot>| )<domain>|<provider>(?:(?: ?[.,] ?|<dot>| )<domain>)*))'
        || '|(?:facebook|fb|zalo|instagram|tiktok|t|wa|m)\.(?:com|me)/[^ \n,;]*[<A>]'
        || '|(?<![0-9])[0-9](?:[ .\u00A0-]{0,6}[0-9]){5,18}(?=[ (,:-]{1,4}<bank>(?![<A>]))'],
    -- What a person is called on a page.
    ['secret', 'i', '(<page>(?![<A>])(?: [<A>]{1,8}){0,3} ?(?:[:=] ?|[:=]? ?(?=@)))'
        || '(@[A-Z0-9_]{2,30}(?:\.[A-Z0-9_]{1,30})*|[A-Z]{3,30}[0-9_][A-Z0-9_]{0,30}|[A-Z][A-Z0-9]{0,30}(?:[._][A-Z0-9]{1,30}){1,9})'],
    -- Number plates, in capitals as they are painted or small as they are typed in a hurry, those of embassies; passports.
    ['secret', 'c', '(?<![<A>])[0-9][0-9O](?:[-. /]?[A-ZĐ]{1,2}[0-9]?[-. /]{0,3}(?:[0-9]{3}[-. ]{0,3}[0-9]{2}|[0-9]{4})'
        || '|-?[a-zđ]{1,2}[0-9]?(?:[-. ]{0,3}[0-9]{3}[-. ]?[0-9]{2}|[-.][0-9]{4})|-?[0-9]{3}-?(?:NG|NN|QT|CV)-?[0-9]{2})'
        || '(?![<A>_]| ?<dong>(?![<A>]))|(?<![<A>])[A-Z][ -]?[0-9]{7,8}(?![<A>]|[ .-]?[0-9])'],
    ['secret', 'i', '((?<![<A>])(?:(?:bi[eểể]n(?: s[oố]| ki[eể]m so[aá]t| xe)*|bks|bs|xe)[ :.]{1,3}'
        || '|(?:h[oộỘ] chi[eếẾ]u|passport)(?![<A>])[^0-9\uE000-\uE002]{0,20}(?<![<A>])))'
        || '([0-9][0-9o][-. /]{0,3}[a-zđ]{1,2}[0-9]?[-. /]{0,3}[0-9](?:[-. ]?[0-9]){3,4}(?![<A>])|[a-z]<S>{0,3}(?:[0-9]<S>{0,3}){6,7}[0-9](?![0-9]))'],
    -- Letters and words that stand for digits.
    ['letters', 'c', '(?<![<A>])(?:[OoØIil|]{0,6}[0-9]+[OoØIil|]{1,6}|[OoØIil|]{1,6}[0-9]+)[0-9OoØIil|]*(?![<A>])'],
    ['words', 'i', '(?<![<A>])(?:[0-9]+|<word>)(?:<S>*(?:<between><S>+)?(?:[0-9]+|<word>))+(?![<A>])'],
    -- Harmless: times of day; dates and spans of them; several days without a year; years.
    ['harmless', 'c', '(^[^0-9]?|[^0-9]{2}|[0-9][^0-9./:-])((?:[01]?[0-9]|2[0-4])[:hHgG][0-5][0-9](?::[0-5][0-9])?(?![0-9]|[:.][0-9])'
        || '|(?:<date>(?: ?[-–—~] ?<date>)?|<day>(?:[ ,;–-]{1,3}<day>)+(?:/(?:20)?[0-9]{2})?'
        || '|(?:19|20)[0-9]{2} ?[-–] ?(?:19|20)[0-9]{2})(?![0-9]|[./-][0-9]))'],
    -- Money; coordinates; codes of reports; numbers of decrees; the numbers of hotlines.
    ['harmless', 'c', '(^[^0-9]?|[^0-9]{2}|[0-9][^0-9.,/ +-])([1-9][0-9]{0,2}(?:[., ]?[0-9]{3}){0,5}(?:,[0-9]{1,2})? ?<dong>(?![<A>])'
        || '|[1-9][0-9]{0,2}(?:[., ]?[0-9]{3}){0,4}[., ]?000 ?(?:dong|Dong|DONG)(?![<A>])'
        || '|(?<![<A>])(?!84[.])<degrees>(?:[,;] ?<degrees>| <degrees>)+(?![0-9]|[.][0-9])'
        || '|(?<![<A>])[A-Z]{1,5}-[0-9]{4}-[0-9]{4,7}(?![<A>])'
        || '|(?<![<A>])(?!CM|CC|STK|TK|SDT|DT|TEL)[A-Z]{2,5}-(?!84)[1-9][0-9]{8,11}(?![<A>])'
        || '|[0-9]{1,5}(?:/[0-9]{4})?/[A-ZĐ]{2}[A-ZĐ0-9]*(?:-[A-ZĐ0-9]+)*(?![<A>])'
        || '|11[1-5](?:[,;/ –-]{1,3}11[1-5])+(?![0-9])|1[89]00(?:[ .-]?[0-9]){4}(?:[ .-]?[0-9][ .-]?[0-9])?(?![0-9]|[ .-][0-9]))'],
    ['rising', 'c', '(?<![0-9])[0-9]{1,3}(?:[,;] ?[0-9]{1,3}){3,60}(?![0-9]|[,;./-][0-9])'],
    -- Beside the words that tell what they are: accounts; telephones and cards of identity.
    ['secret', 'i', '((?<![<A>])(?:stk|tk|s[oốỐ] t[aàÀ]i kho[aảẢ]n|t[aàÀ]i kho[aảẢ]n|account|ng[aâÂ]n h[aàÀ]ng|<bank>)'
        || '(?![<A>])[^0-9\n\uE000-\uE002]{0,40}(?<![<A>]))([0-9](?:[^<A>,;/\uE000-\uE002]{0,6}[0-9]){5,18}(?![0-9]))'],
    ['secret', 'i', '((?<![<A>])(?:[sđĐ]?[đĐd]t|[đĐd]i[eệỆ]n tho[aạẠ]i|phone|tel|mobile|di [đĐd][oộỘ]ng|m[aáÁ]y b[aàÀ]n|zalo'
        || '|viber|whatsapp|alo|li[eêÊ]n h[eệỆ]|li[eêÊ]n l[aạẠ]c|g[oọỌ]i|hotline|call|cccd|cmnd|cmtnd|cmt|c[aăĂ]n c[uưƯ][oớỚ]c|ch[uứỨ]ng minh)'
        || '(?![<A>])[^0-9+\uE000-\uE002]{0,40}(?<![<A>]))([2-8][0-9]{2,3}[ .-]?[0-9]{4}(?![0-9])|\+?[0-9](?:<S>{0,12}[0-9]){8,14}(?![0-9]))'],
    -- By their form alone. Bank cards; telephones of Vietnam, however they are grouped; cards of identity in groups.
    ['secret', 'c', '(?<![0-9])(?:[0-9]{4}(?:[ .-]{1,3}[0-9]{4}){3}(?:[ .-]{1,3}[0-9]{1,3})?'
        || '|\(?(?:\+<S>{0,4}|00<S>{0,4})?8<S>{0,12}4(?:<S>{0,4}0)?<S>{0,12}(?:[35789]|2<S>{0,12}[0-9])(?:<S>{0,12}[0-9]){8}'
        || '|\(?0<S>{0,12}(?:[35789]|2<S>{0,12}[0-9])(?:<S>{0,12}[0-9]){8}'
        || '|0[0-9]{2}<S>{1,12}[0-9]{3}<S>{1,12}[0-9]{3}(?:[^<A>,;\uE000-\uE002]{1,12}[0-9]{3})?'
        || '|0[0-9]{3}<S>{1,12}[0-9]{4}<S>{1,12}[0-9]{4})(?![0-9])'],
    ['bank card', 'c', '(?<![0-9])[0-9](?:[ .\u00A0–-]{0,3}[0-9]){12,18}(?![0-9])'],
    -- Telephones of any country after a plus or 00; whatever begins with a nought or 84; telephones as Americans write them;
    -- nine digits or more in a row, or in threes.
    ['secret', 'c', '\(?\+<s>{0,2}[0-9](?:<s>{0,8}[0-9]){7,14}(?![0-9])|(?<![0-9])(?:00<s>{0,4}[1-9](?:<s>{0,8}[0-9]){7,14}(?![0-9])'
        || '|\(?(?:0|(?:00)?84)(?:<s>{0,8}[0-9]){9,11}(?![0-9])'
        || '|(?:1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}(?![0-9])'
        || '|[0-9]{9,}|[0-9]{3}[ -][0-9]{3}[ -][0-9]{3}(?:[ -][0-9]{3})?(?![ .-]?[0-9]))'
        || '|(?<![0-9])\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[ .-][0-9]{4}(?![0-9])'],
    ['spread', 'c', '(?<![0-9])[0-9](?:<S>{1,12}[0-9]){8,60}(?![0-9])'],
    -- The rest of a number word goes with its digit.
    ['secret', 'c', '(\uE000)(\uE003+)']]
$mask_rules$, $digit_words$
-- A run of digits and number words, each word as its digit and filled up to the word's length.
create function digit_words(run text) returns text language plpgsql immutable parallel safe
as $$
begin
    return (
        select string_agg(coalesce(rpad((
            select digit
            from (values ('0', 'khong'), ('0', 'o'), ('0', 'zero'), ('1', 'mot'), ('1', 'i'), ('1', 'l'), ('1', 'one'), ('2', 'hai'),
                ('2', 'two'), ('3', 'ba'), ('3', 'three'), ('4', 'bon'), ('4', 'tu'), ('4', 'four'), ('5', 'nam'), ('5', 'lam'),
                ('5', 'nham'), ('5', 'five'), ('6', 'sau'), ('6', 'six'), ('7', 'bay'), ('7', 'seven'), ('8', 'tam'), ('8', 'eight'),
                ('9', 'chin'), ('9', 'nine'), ('', 'muoi'), ('', 'linh'), ('', 'le'), ('', 'tram'), ('', 'cham'), ('', 'phay'),
                ('', 'gach'), ('', 'gach ngang'), ('', 'so'), ('', 'roi'), ('', 'dot'), ('', 'dash')) as said (digit, word)
            where word = lower(regexp_replace(normalize(piece[1], NFD), '[\u0300-\u036f]', '', 'g'))
        ), char_length(piece[1]), E'\uE003'), piece[1]), '' order by n)
        from regexp_matches(run collate "C", '[0-9]+|<word>|<between>|[^0-9]', 'gi') with ordinality as cut (piece, n));
end
$$
$digit_words$, $is_bank_card$
-- Whether a number ends with the check digit of a bank card (Luhn).
create function is_bank_card(number text) returns boolean language plpgsql immutable parallel safe
as $$
begin
    return (
        select sum(case when place % 2 = 1 then digit when digit < 5 then digit * 2 else digit * 2 - 9 end) % 10 = 0
        from (
            select ascii(letter) - 48 as digit, row_number() over (order by n desc) as place
            from unnest(string_to_array(number, null)) with ordinality as letters (letter, n)
            where ascii(letter) between 48 and 57
        ) as digits);
end
$$
$is_bank_card$, $is_rising$
-- Whether each number of a list is greater than the one before it.
create function is_rising(list text) returns boolean language plpgsql immutable parallel safe
as $$
begin
    return (
        select coalesce(bool_and(number > former), false)
        from (
            select cast(entry[1] as numeric) as number, lag(cast(entry[1] as numeric)) over (order by n) as former
            from regexp_matches(list, '[0-9]+', 'g') with ordinality as numbers (entry, n)
        ) as numbers);
end
$$
$is_rising$, $as_ruled$
-- What a rule makes of what it found: as many characters.
create function as_ruled(rule text, told text) returns text language plpgsql immutable parallel safe
as $$
begin
    return case
        when rule = 'letters' then translate(told, 'OoØIil|', '0001111')
        when rule = 'words' then digit_words(told)
        when rule = 'secret' or rule = 'bank card' and is_bank_card(told)
            or rule = 'spread' and not is_rising(told) then repeat(E'\uE000', char_length(told))
        when rule = 'harmless' or rule = 'rising' and is_rising(told) then repeat(E'\uE002', char_length(told))
        else told end;
end
$$
$as_ruled$, $masked_closely$
-- masked() for words that may hold something, or are not in their normal form.
create function masked_closely(words text) returns text
language plpgsql immutable strict parallel safe set search_path from current
as $$
declare
    rules constant text[] := mask_rules();
    form text := words;
    before text;
    pieces text[];
    known integer := 0;  -- characters of secrets found
    found_before integer;
    letters text[];
begin
    if words collate "C" ~ '[^<O>]' then
        if not may_identify(regexp_replace(as_latin(words) collate "C", '[^<O>]', '0', 'g')) then
            return words;
        end if;
        form := (select string_agg(parts.form, '' order by n) from normal_parts(words) as parts);
    end if;
    form := replace(form, '•••', E'\uE001\uE001\uE001');
    loop
        found_before := known;
        for i in 1 .. array_length(rules, 1) loop
            loop
                pieces := string_to_array(regexp_replace(form collate "C", rules[i][3],
                    case when rules[i][3] like '(%' and rules[i][3] not like '(?%' then E'\\1\uE004\\2\uE004'
                        else E'\uE004\\&\uE004' end, 'g' || rules[i][2]), E'\uE004');
                exit when array_length(pieces, 1) = 1;
                before := form;
                form := (
                    select string_agg(case when n % 2 = 1 then piece else as_ruled(rules[i][1], piece) end, '' order by n)
                    from unnest(pieces) with ordinality as cut (piece, n));
                exit when form = before;
            end loop;
        end loop;
        known := char_length(form) - char_length(replace(form, E'\uE000', ''));
        if known = 0 then
            return words;
        end if;
        exit when known = found_before;
    end loop;
    letters := string_to_array(form, null);
    return (
        select string_agg(case when not secret then part when goes_on then '' else '•••' end, '' order by n)
        from (
            select n, part, secret, coalesce(lag(secret) over (order by n), false) as goes_on
            from (
                select n, part, case when long = 1 then letters[stop] = E'\uE000'
                    else coalesce(E'\uE000' = any (letters[stop - long + 1 : stop]), false) end as secret
                from (
                    select n, part, char_length(parts.form) as long, sum(char_length(parts.form)) over (order by n) as stop
                    from normal_parts(words) as parts
                ) as parts
            ) as parts
        ) as parts);
end
$$
$masked_closely$, $masked$
create function masked(words text) returns text language sql immutable parallel safe
return case when may_identify(words) or words collate "C" ~ '[^<O>]' then masked_closely(words) else words end
$masked$];
begin
    for i in 1 .. array_length(named, 1) loop
        for k in 1 .. array_length(bodies, 1) loop
            bodies[k] := replace(bodies[k], named[i][1], named[i][2]);
        end loop;
    end loop;
    for k in 1 .. array_length(bodies, 1) loop
        execute bodies[k];
    end loop;
end
$definition$;

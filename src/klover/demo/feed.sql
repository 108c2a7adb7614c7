-- name: feed
-- What the application shows a person who opens it: the newest public videos of those they
-- follow, with the author, the likes and the language. It is the application's own statement and
-- must give the same rows before Europeans move home and after.
SELECT video.id,
       author.handle,
       profile.display_name,
       video.title,
       language.name AS language,
       (SELECT count(*) FROM public.likes WHERE likes.video_id = video.id) AS likes,
       video.created_at
  FROM public.follows
  JOIN public.accounts AS author ON author.id = follows.followee_id
  JOIN public.profiles AS profile ON profile.account_id = author.id
  JOIN public.videos AS video ON video.account_id = author.id
  LEFT JOIN public.languages AS language ON language.code = video.language_code
 WHERE follows.follower_id = %(account)s
   AND video.visibility = 'public'
   AND author.status <> 'suspended'
   AND NOT EXISTS (
           SELECT FROM public.blocks
            WHERE (blocker_id, blocked_id) IN
                  ((follows.follower_id, author.id), (author.id, follows.follower_id)))
 ORDER BY video.created_at DESC, video.id DESC
 LIMIT 20

-- name: followed
-- How many of the people an account follows have rows here at all, stubs included.
SELECT count(*)
  FROM public.follows
  JOIN public.accounts AS author ON author.id = follows.followee_id
 WHERE follows.follower_id = %(account)s

-- name: like_video
-- The same person goes on using the application: likes the newest video of the feed.
INSERT INTO public.likes (video_id, account_id, created_at)
VALUES (%(video)s, %(account)s, now())
ON CONFLICT (video_id, account_id) DO NOTHING

import base64, json
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from cryptography.hazmat.primitives.asymmetric import rsa, ec, ed25519
from cryptography.hazmat.primitives import serialization as s, hashes
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography import x509
from config.foundation.actor import Actor
from directory.models import *
from directory import models as m
from directory.operations import save_row
ACTOR=Actor.system("test")
from directory.enums import CredentialType
CT=list(CredentialType)[0]
PAN="4539578763621486"
def everything():
    out=[]
    with connection.cursor() as c:
        c.execute("select table_schema,table_name from information_schema.tables where table_type='BASE TABLE' and table_schema not in ('pg_catalog','information_schema')")
        for sch,t in c.fetchall():
            c.execute(f'select coalesce(string_agg(x::text,chr(10)),\'\') from "{sch}"."{t}" x'); out.append(c.fetchone()[0])
    return "\n".join(out)
def attempt(label,row):
    try:
        save_row(actor=ACTOR,row=row)
        print(label,"SAVED")
        return row
    except ValidationError as e:
        txt=json.dumps(e.message_dict)
        codes={k:[x.code for x in v] for k,v in e.error_dict.items()}
        print(label,"refused",codes,"ECHO "+txt if PAN in txt.replace(' ','') or PAN in repr(row.__dict__) else "")
    except Exception as e:
        print(label,"EXC",type(e),str(e)[:200])
def test_cards(acme):
    with acme:
        p=save_row(actor=ACTOR,row=Participant(name="A",country="SE"))
        for v in (PAN,"4539 5787 6362 1486",PAN[:9],int(PAN)):
            attempt(f"ident {v!r}",Identifier(participant=p,identifier_type="pan.bin",value=v))
        attempt("ident scope",Identifier(participant=p,identifier_type="pan.bin",value="453957",scope=PAN))
        attempt("ident ext",Identifier(participant=p,identifier_type="pan.bin",value="453957",external_id=PAN))
        attempt("ident source",Identifier(participant=p,identifier_type="pan.bin",value="453957",source=PAN))
        for k in ("bin_table","gtt","number_range"):
            a=attempt("art",RoutingArtifact(kind=k,name="t"+k))
            if a is None: continue
            for pre in (PAN,PAN[:15],"453957876"):
                attempt(f"prefix {k} {pre}",PrefixRule(artifact=a,prefix=pre,target_protocol="iso8583",target_address="a.example:5000"))
            for f,v in dict(range_text=PAN,calling_prefix=PAN[:15],origin=PAN,result={"digits":PAN},brand=PAN,region=PAN,transport_profile=PAN).items():
                attempt(f"prefix {k} {f}",PrefixRule(artifact=a,prefix="453957",target_protocol="iso8583",target_address="a.example:5000",**{f:v}))
        good={"match":{"identifiers":[{"type":"pan.bin","value":PAN}]},"directive":{"target_protocol":"iso8583","target_address":"a.example:5000"}}
        attempt("override",RoutingArtifact(kind="tenant_override",name="o",payload=good))
        attempt("override2",RoutingArtifact(kind="tenant_override",name="o2",payload={"match":{"identifiers":[PAN]},"directive":{PAN:1}}))
        attempt("bin payload",RoutingArtifact(kind="bin_table",name="o3",payload={"x":PAN}))
        attempt("policy1",Policy(name="p1",effect="deny",rule_json={"==":[{"var":"identifier.value"},PAN]}))
        attempt("probe",Probe(name="p",request={"identifiers":[{"type":"pan.bin","value":PAN}]},expected={"a":PAN}))
        print("LEFT IN DB:",[l[:200] for l in everything().splitlines() if PAN in l or "453957876" in l])
def keys():
    r=rsa.generate_private_key(public_exponent=65537,key_size=2048); e=ec.generate_private_key(ec.SECP256R1()); d=ed25519.Ed25519PrivateKey.generate()
    P,D=s.Encoding.PEM,s.Encoding.DER; N=s.NoEncryption(); B=s.BestAvailableEncryption(b"pw")
    F=s.PrivateFormat
    name=x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME,"x")])
    import datetime as dt
    cert=x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(e.public_key()).serial_number(1).not_valid_before(dt.datetime(2026,1,1)).not_valid_after(dt.datetime(2030,1,1)).sign(e,hashes.SHA256())
    cp=cert.public_bytes(P).decode()
    for n,k in (("rsa",r),("ec",e),("ed",d)):
        b=lambda x: base64.b64encode(x).decode()
        pk8=k.private_bytes(D,F.PKCS8,N)
        yield n+" pem8",k.private_bytes(P,F.PKCS8,N).decode()
        yield n+" pem8enc",k.private_bytes(P,F.PKCS8,B).decode()
        if n!="ed": yield n+" trad",k.private_bytes(P,F.TraditionalOpenSSL,N).decode()
        yield n+" openssh",k.private_bytes(P,F.OpenSSH,N).decode()
        yield n+" b64",b(pk8); yield n+" b64url",base64.urlsafe_b64encode(pk8).decode().rstrip("="); yield n+" b64 lines",base64.encodebytes(pk8).decode()
        yield n+" b64enc",b(k.private_bytes(D,F.PKCS8,B)); yield n+" hex",pk8.hex(); yield n+" HEX:",":".join(f"{x:02X}" for x in pk8)
        yield n+" b64openssh","".join(k.private_bytes(P,F.OpenSSH,N).decode().splitlines()[1:-1])
        yield n+" b64 of pem",b(k.private_bytes(P,F.PKCS8,N))
        if n!="ed": yield n+" b64 trad",b(k.private_bytes(D,F.TraditionalOpenSSL,N))
        yield n+" p12",b(pkcs12.serialize_key_and_certificates(b"x",k,None,None,N)) 
        yield n+" p12enc",b(pkcs12.serialize_key_and_certificates(b"x",k,None,None,B))
        yield n+" prefixed","key="+b(pk8); yield n+" vault","vault://"+b(pk8).replace("\n","")[:500]; yield n+" vaultq","vault://x?k="+base64.urlsafe_b64encode(pk8).decode()
        yield n+" cert+key",cp+k.private_bytes(P,F.PKCS8,N).decode(); yield n+" cert+b64",cp+b(pk8); yield n+" b64+cert",b(pk8)+"\n"+cp; yield n+" cert+hex",cp+pk8.hex(); yield n+" cert w comment", cp.replace("-----END","\n-----END")+"\n# "+b(pk8)
    nums=d.private_bytes_raw()
    yield "ed raw b64",base64.b64encode(nums).decode(); yield "ed raw hex",nums.hex()
    j=base64.urlsafe_b64encode(nums).decode().rstrip("=")
    yield "jwk",json.dumps({"kty":"OKP","crv":"Ed25519","x":"abc","d":j}); yield "jwk nospace",json.dumps({"kty":"OKP","d":j},separators=(",",":")); yield "jwk single","{'kty':'OKP','d':'%s'}"%j; yield "jwk esc",json.dumps(json.dumps({"kty":"OKP","d":j})); yield "jwk b64",base64.b64encode(json.dumps({"kty":"OKP","d":j}).encode()).decode()
    yield "putty","PuTTY-User-Key-File-3: x\nPrivate-Lines: 1"; yield "pgp","-----BEGIN PGP PRIVATE KEY BLOCK-----"; yield "split","-----BEGIN PRI\u200bVATE KEY-----\nMIIE"; yield "age","AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ"; yield "ssh2","---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"; yield "xml","<RSAKeyValue><Modulus>x</Modulus><D>"+b(r.private_bytes(D,F.PKCS8,N)[:100])+"</D></RSAKeyValue>"; yield "cert+ed raw", cp+j; yield "cert ok",cp
    yield "cert fullwidth", "-----BEGIN\u00a0PRIVATE\u00a0KEY-----"
def test_keys(acme):
    with acme:
        p=save_row(actor=ACTOR,row=Participant(name="A",country="SE"))
        for label,k in keys():
            for f in ("certificate","vault_ref","fingerprint","external_id","source"):
                row=Credential(participant=p,credential_type=CT,**{f:k, **({"vault_ref":"vault://ok"} if f!="vault_ref" else {})})
                try: save_row(actor=ACTOR,row=row); print(label,f,"SAVED")
                except ValidationError as e:
                    leak=any(k[i:i+40] in json.dumps(e.message_dict) for i in (30,60)) and len(k)>100
                    codes={x:[y.code for y in v] for x,v in e.error_dict.items()}
                    if leak: print(label,f,codes,"LEAK" if leak else "")
                except Exception as e: print(label,f,"EXC",type(e),str(e)[:100])
